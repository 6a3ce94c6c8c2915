// What the relations that a statement names are: may they be read or written, and what does that run?
#include "parser/tree/walker.h"
#include "proxy/enforce/definitions.h"
#include "proxy/enforce/query_rewriter.h"
#include "proxy/enforce/statement_rules.h"
#include "proxy/enforce/subject_gaps.h"
#include "proxy/enforce/write_rules.h"

namespace pgconsent::enforce {

namespace {

using parser::BoundRelation;
using parser::Relation;
using parser::RelationReach;
using parser::RelationReference;
using parser::RelationUse;

std::string display_name(const RangeVar& range) {
  return range.schemaname == nullptr ? std::string(range.relname)
                                     : std::string(range.schemaname) + "." + range.relname;
}

bool is_writing(RelationUse use) {
  return use == RelationUse::target;
}

// Rows of its own only: none is there that it could not see.
bool only_adds(const RelationReference& reference) {
  const Node* statement = reference.statement;
  if (nodeTag(statement) == T_CopyStmt) return true;
  if (nodeTag(statement) != T_InsertStmt) return false;
  const OnConflictClause* conflict = parser::as<InsertStmt>(statement)->onConflictClause;
  return conflict == nullptr || conflict->action != ONCONFLICT_UPDATE;
}

// May what the server evaluates on unmasked rows fail, or what a trigger has put into the client's own?
bool may_fail_on_rows(const RelationReference& reference, const Relation& relation,
                      const parser::FunctionReach& functions) {
  if (functions.reading_may_fail_on_rows(relation.oid)) return true;
  if (!is_writing(reference.use) || !functions.writing_may_fail_on_rows(relation.oid)) return false;
  return !only_adds(reference) || !relation.trigger_functions.empty();
}

}  // namespace

QueryRewriter::Outcome QueryRewriter::resolve(const RewriteOptions& options, Statement& statement) {
  relations_.clear();
  write_targets_.clear();
  columns_unknown_ = false;
  for (const RelationReference& reference : references_.relations) {
    if (reference.use == RelationUse::create) {
      if (auto error = refuse_row_relation(reference.range->relname, generation_))
        refuse(statement, std::move(*error), reference.range->location);
      continue;
    }
    BoundRelation bound{reference.range, names_.resolve(*reference.range), false};
    const RangeVar& range = *reference.range;
    if (bound.name.wrong_database) {
      refuse(statement,
             {"0A000",
              "cross-database references are not implemented: \"" + display_name(range) + "\"",
              {},
              {},
              0},
             range.location);
      continue;
    }
    const Definitions* before = options.before;
    const bool changed = before != nullptr && before->changes(range.relname);
    if (before != nullptr && before->blurs(range.relname) && range.schemaname == nullptr &&
        generation_.is_sensitive_name(range.relname)) {
      refuse(statement,
             unsupported("\"" + display_name(range) +
                             "\" can't be resolved behind a statement that may change its meaning",
                         "Send the statements one by one, or name the table with its schema."),
             range.location);
      continue;
    }
    if (changed && bound.name.found()) columns_unknown_ = true;
    if (!bound.name.found() && !(changed && before->creates(range.relname))) {
      if (!options.catalog_is_fresh) return Outcome::needs_catalog;
      refuse(statement, {"42P01", "relation \"" + display_name(range) + "\" does not exist", {}, {}, 0},
             range.location);
      continue;
    }
    if (bound.name.relation != nullptr) {
      const Relation& relation = *bound.name.relation;
      if (generation_.functions().relation_may_change_state(relation.oid))
        statement.effects |= Effect::changes_state;
      statement.runs_row_code |= may_fail_on_rows(reference, relation, generation_.functions());
    }
    if (bound.name.temporary != nullptr && bound.name.temporary->runs_code)
      statement.effects |= Effect::changes_state;
    if (is_writing(reference.use) && names_.temporary_children_run_code())
      statement.effects |= Effect::changes_state;
    const RelationReach reach = generation_.reach(bound.name);
    if (is_writing(reference.use) && bound.name.temporary != nullptr && bound.name.temporary->kind == 'v') {
      refuse(statement, unsupported("temporary views can't be modified through the proxy"), range.location);
    }
    if (reach == RelationReach::none) {
      if (is_writing(reference.use) && bound.name.relation != nullptr)
        check_write(reference, *bound.name.relation, options, statement);
      relations_.push_back(bound);
      continue;
    }
    statement.decision = Decision::masked;
    add_unique(statement.audit.tables, bound.name.relation->schema + "." + bound.name.relation->name);
    if (is_writing(reference.use)) check_write(reference, *bound.name.relation, options, statement);
    if (reach == RelationReach::denied_catalog || reach == RelationReach::opaque) {
      refuse(statement,
             refusal("\"" + display_name(range) + "\" may show protected data that can't be masked",
                     generation_.functions().relation_reason(bound.name.relation->oid),
                     reach == RelationReach::opaque
                         ? "Give the relation rules of its own, or query the tables it is made from."
                         : ""),
             range.location);
      continue;
    }
    bound.replaced = true;
    relations_.push_back(bound);
  }
  return Outcome::done;
}

void QueryRewriter::check_write(const RelationReference& reference, const Relation& target,
                                const RewriteOptions& options, Statement& statement) {
  std::optional<parser::SqlError> error;
  if (generation_.reach({&target, nullptr, false}) != RelationReach::none)
    error = refuse_protected_write(generation_, target, reference.statement);
  if (!error) error = refuse_write(generation_, target, reference.statement);
  if (!error) error = refuse_gap(generation_, options.purpose, target, reference.statement);
  write_targets_.emplace_back(&target, reference.statement);
  statement.writes |= generation_.functions().writing_reaches_protected(target.oid);
  if (!error) error = refuse_exchange(generation_, options.purpose, write_targets_);
  if (error) refuse(statement, std::move(*error), reference.range->location);
}

}  // namespace pgconsent::enforce
