// A view that shows protected data is replaced by its definition, which is rewritten in turn.
#include <algorithm>

#include "parser/edit/checker.h"
#include "parser/tree/raw_tree.h"
#include "parser/tree/walker.h"
#include "proxy/enforce/query_rewriter.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

constexpr int max_view_depth = 32;

// Never executed, but PostgreSQL checks the privileges that a use of the view needs: the caller's on the
// view, and its owner's on what is behind it.
std::string privileges_checked(const parser::Relation& view, const std::vector<bool>& used) {
  std::string columns;
  for (std::size_t i = 0; i < view.columns.size(); ++i) {
    if (i < used.size() && used[i])
      columns += (columns.empty() ? "p." : ", p.") + parser::quote_identifier(view.columns[i].name);
  }
  const std::string test = columns.empty() ? "TRUE" : "ROW(" + columns + ") IS NULL";
  return "(SELECT " + test + " FROM " + parser::quote_qualified({view.schema, view.name}) +
         " p WHERE FALSE) IS NULL";
}

// Policies apply as for the view's owner; in an expanded view they would apply as for the caller.
bool reads_row_security(const parser::Relation& view, const parser::Snapshot& catalog, int depth) {
  return depth > max_view_depth ||
         std::any_of(view.depends_on.begin(), view.depends_on.end(), [&](parser::Oid oid) {
           const parser::Relation* below = catalog.relation(oid);
           return below != nullptr && (below->row_security || reads_row_security(*below, catalog, depth + 1));
         });
}

}  // namespace

void QueryRewriter::add_read(ExpandedView& view) const {
  for (const parser::BoundRelation& bound : relations_) {
    if (bound.name.relation != nullptr)
      view.relations.emplace_back(bound.name.relation->schema, bound.name.relation->name);
  }
}

bool QueryRewriter::expand_view(const parser::RangeEntry& entry, const RewriteOptions& options,
                                parser::Replacement& out, Statement& statement) {
  const parser::Relation& view = *entry.relation;
  if (options.view_depth >= max_view_depth || view.view_definition.empty() || !entry.system_columns.empty()) {
    refuse(statement, unsupported("view \"" + view.name + "\" can't be seen through"));
    return false;
  }
  if (!view.security_invoker && reads_row_security(view, generation_.catalog(), 0)) {
    refuse(statement,
           refusal("view \"" + view.name + "\" can't be seen through",
                   "A table behind it has row security, whose policies are those of the view's owner.",
                   "Give the view rules of its own, or make it WITH (security_invoker = true)."));
    return false;
  }
  parser::RawTree tree;
  parser::SqlError error;
  if (!parser::RawTree::parse(view.view_definition, tree, error) || list_length(tree.statements()) != 1) {
    refuse(statement, unsupported("the definition of view \"" + view.name + "\" can't be read"));
    return false;
  }
  static const std::vector<std::string> only_built_in = {"pg_catalog"};
  const parser::NameResolver names(generation_.catalog(), only_built_in, {});
  QueryRewriter inner(generation_, names, tables_);
  Source source(view.view_definition);
  RewriteOptions inner_options = options;
  inner_options.locked |= entry.locked;
  inner_options.apart |= references_.lateral;
  inner_options.view_depth += 1;
  inner_options.before = nullptr;
  inner_options.catalog_is_fresh = true;
  parser::Splicer splicer;
  Statement inside;
  inside.audit = statement.audit;
  inside.decision = statement.decision;
  // What is nested in a view needs the same rights for the same reason.
  if (options.view_depth == 0 && !view.security_invoker) {
    statement.expanded.push_back({view.schema + "." + view.name, {}});
  }
  inside.expanded = std::move(statement.expanded);
  inner.run(source, linitial_node(RawStmt, tree.statements())->stmt, inner_options, splicer, inside);
  parser::SplicedText spliced;
  if (!inside.refusal && !splicer.apply(view.view_definition, spliced)) {
    inside.refusal = unsupported("view \"" + view.name + "\" can't be seen through");
  }
  if (!inside.refusal) {
    const std::string wrong =
        parser::check_sent_text({spliced.text, spliced.generated, 1, inner.parameters()}, names,
                                [&](const parser::ResolvedName& name, std::string_view bare) {
                                  return inner.is_forbidden(name, bare);
                                });
    if (!wrong.empty()) inside.refusal = refusal("view \"" + view.name + "\" can't be seen through", wrong);
  }
  if (inside.refusal) {
    refuse(statement, *inside.refusal);
    return false;
  }
  statement.expanded = std::move(inside.expanded);
  if (!statement.expanded.empty() && !view.security_invoker) inner.add_read(statement.expanded.back());
  statement.audit = std::move(inside.audit);
  statement.decision = inside.decision;
  statement.effects |= inside.effects;
  statement.asks_conditions |= inside.asks_conditions;
  statement.raw_allowed.insert(statement.raw_allowed.end(), inside.raw_allowed.begin(),
                               inside.raw_allowed.end());
  if (statement.run_time_refusal_rule.empty()) statement.run_time_refusal_rule = inside.run_time_refusal_rule;
  std::vector<std::string>& tables = statement.audit.tables;
  const std::string name = view.schema + "." + view.name;
  if (std::find(tables.begin(), tables.end(), name) == tables.end()) tables.push_back(name);
  std::vector<bool> used = entry.used;
  if (!entry.column_aliases.empty()) used.assign(view.columns.size(), true);
  out.query = "SELECT b.* FROM (" + spliced.text + ") b";
  // What is inside a view is its owner's affair, and was checked with it.
  if (options.view_depth == 0) out.query += " WHERE " + privileges_checked(view, used);
  // A barrier view keeps conditions from outside out of its inside.
  if (view.security_barrier) out.query += " OFFSET 0";
  return true;
}

}  // namespace pgconsent::enforce
