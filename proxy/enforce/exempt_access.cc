// What exempt roles read. Their statements are sent as they are; the audit says what they name.
#include <algorithm>

#include "parser/tree/walker.h"
#include "proxy/enforce/query_rewriter.h"

namespace pgconsent::enforce {

void QueryRewriter::note_raw(const parser::RangeEntry& entry, Statement& statement) const {
  const rules::ProtectedRelation* rules = generation_.protected_relation(entry.relation->oid);
  if (rules == nullptr || generation_.is_built_in_rule(entry.relation->oid)) return;
  for (std::size_t i = 0; i < entry.relation->columns.size() && i < entry.used.size(); ++i) {
    const rules::ProtectedColumn* rule = rules->column(entry.relation->columns[i].attnum);
    if (!entry.used[i] || rule == nullptr || rule->is_public) continue;
    const std::string name = rule->source.empty() ? rules->name + "." + rule->name : rule->source;
    const std::string category = rule->category.empty() ? "(no category)" : rule->category;
    add_unique(statement.audit.columns, name);
    add_unique(statement.audit.bases, name + ": " + category + ": exempt");
  }
}

void QueryRewriter::describe(const parser::StatementFacts& facts, Statement& statement) {
  if (facts.copy != nullptr && facts.copy->relation != nullptr) return describe_copy(facts.copy, statement);
  if (facts.statement != nullptr && nodeTag(facts.statement) == T_CallStmt) {
    parser::collect_references(parser::node_of(parser::as<CallStmt>(facts.statement)->funccall), references_);
    return;
  }
  const Node* node = facts.query;
  while (node != nullptr && nodeTag(node) == T_CreateTableAsStmt)
    node = parser::as<CreateTableAsStmt>(node)->query;
  if (node != nullptr && nodeTag(node) == T_DeclareCursorStmt)
    node = parser::as<DeclareCursorStmt>(node)->query;
  if (node == nullptr || nodeTag(node) == T_ExecuteStmt) return;
  describe_query(node, statement);
  note_use(facts, statement.disclosure);
}

void QueryRewriter::describe_query(const Node* query, Statement& statement) {
  parser::collect_references(query, references_);
  if (references_.too_deep || references_.unknown_node != 0) return;
  relations_.clear();
  for (const parser::RelationReference& reference : references_.relations) {
    if (reference.use == parser::RelationUse::create) continue;
    parser::BoundRelation bound{reference.range, names_.resolve(*reference.range), false};
    if (bound.name.wrong_database) continue;
    bound.replaced =
        bound.name.relation != nullptr && generation_.reach(bound.name) != parser::RelationReach::none;
    if (bound.replaced)
      add_unique(statement.audit.tables, bound.name.relation->schema + "." + bound.name.relation->name);
    relations_.push_back(bound);
  }
  const parser::Binding binding = parser::bind_statement(query, names_, relations_);
  for (const parser::RangeEntry& entry : binding.entries) note_raw(entry, statement);
  if (binding.problem.empty())
    statement.disclosure = disclosure_of(generation_, binding, {nullptr, true, has_windows(references_)});
}

void QueryRewriter::describe_copy(const CopyStmt* copy, Statement& statement) {
  const parser::ResolvedName name = names_.resolve(*copy->relation);
  if (name.wrong_database || name.relation == nullptr) return;
  if (generation_.reach(name) == parser::RelationReach::none) return;
  add_unique(statement.audit.tables, name.relation->schema + "." + name.relation->name);
  if (copy->is_from) return;
  const parser::RangeEntry entry = copied_entry(copy, *name.relation);
  note_raw(entry, statement);
  statement.disclosure = copy_disclosure(copy, entry, {nullptr, true});
}

}  // namespace pgconsent::enforce
