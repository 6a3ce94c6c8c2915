#include "proxy/enforce/query_rewriter.h"

#include <algorithm>

#include "parser/bind/statement.h"
#include "parser/edit/checker.h"
#include "parser/edit/quiet_condition.h"
#include "parser/tree/raw_tree.h"
#include "parser/tree/walker.h"
#include "proxy/enforce/definitions.h"
#include "proxy/enforce/statement_rules.h"
#include "proxy/enforce/target_guard.h"

namespace pgconsent::enforce {

namespace {

using parser::BoundRelation;
using parser::RangeEntry;
using parser::Relation;
using parser::RelationReach;

constexpr std::size_t max_cached_tables = 4096;

// Of the result columns whose place is known.
void add_origins(const parser::Binding& binding, Statement& statement) {
  const std::size_t count = binding.results.size();
  const std::size_t before = binding.results_known ? count : binding.results_before_run;
  const std::size_t after = binding.results_known ? 0 : binding.results_after_run;
  for (std::size_t i = 0; i < count; ++i) {
    if (i < before || i >= count - after)
      statement.origins.push_back({binding.results[i].table, binding.results[i].attnum});
  }
  if (!binding.results_known) statement.origins_gap = before;
}

}  // namespace

const DerivedTable& DerivedTableCache::get(const Generation& generation, const DerivedTableRequest& request) {
  if (generation_ != generation.id() || tables_.size() > max_cached_tables) tables_.clear();
  generation_ = generation.id();
  std::string key;
  key.reserve(64);
  key.append(reinterpret_cast<const char*>(&request.relation->oid), sizeof(parser::Oid));
  key.push_back(static_cast<char>(request.only + 2 * request.locked + 4 * request.explain +
                                  8 * request.one_row + 16 * request.target + 32 * request.few_rows +
                                  64 * request.apart));
  for (bool used : request.columns) key.push_back(used ? '1' : '0');
  for (std::string_view name : request.system_columns) key.append(name).push_back(',');
  if (request.purpose != nullptr) key.append(1, '/').append(request.purpose->name);
  auto [it, fresh] = tables_.try_emplace(std::move(key));
  if (fresh) it->second = derived_table(generation, request);
  return it->second;
}

void QueryRewriter::begin_statement() {
  references_ = {};
  relations_.clear();
  moved_parameters_ = 0;
  error_location_ = -1;
  shows_sent_text_ = names_unknown_ = false;
}

void QueryRewriter::refuse(Statement& statement, parser::SqlError error, int location) {
  if (statement.refusal) return;
  statement.refusal = std::move(error);
  error_location_ = location;
}

bool QueryRewriter::is_forbidden(const parser::ResolvedName& relation, std::string_view bare_name) const {
  if (relation.relation != nullptr && in_place_.contains(relation.relation)) return false;
  return generation_.reach(relation) != RelationReach::none ||
         (!bare_name.empty() && generation_.is_sensitive_name(bare_name));
}

void QueryRewriter::note(const DerivedTable& table, const rules::ProtectedRelation& relation,
                         Statement& statement) {
  if (table.masks) {
    statement.decision = Decision::masked;
  } else if (statement.decision == Decision::untouched) {
    statement.decision = Decision::allowed;
  }
  statement.asks_conditions |= table.asks_conditions;
  add_unique(statement.audit.tables, relation.name);
  for (const std::string& text : relation.through) add_unique(statement.audit.tables, text);
  for (const std::string& text : table.columns) add_unique(statement.audit.columns, text);
  for (const std::string& text : table.rules) add_unique(statement.audit.rules, text);
  for (const std::string& text : table.bases) add_unique(statement.audit.bases, text);
  for (parser::AttrNumber attnum : table.clear) statement.raw_allowed.push_back({relation.oid, attnum});
  if (statement.run_time_refusal_rule.empty()) statement.run_time_refusal_rule = table.run_time_rule;
}

bool QueryRewriter::is_fully_clear(const rules::ProtectedRelation& relation,
                                   const rules::Purpose* purpose) const {
  return std::all_of(
      relation.columns.begin(), relation.columns.end(), [&](const rules::ProtectedColumn& column) {
        return column.is_public ||
               generation_.decide(relation, purpose, column).clearance == rules::Clearance::always;
      });
}

namespace {

bool reads_others(const Node* modification) {
  switch (nodeTag(modification)) {
    case T_UpdateStmt:
      return parser::as<UpdateStmt>(modification)->fromClause != nullptr;
    case T_DeleteStmt:
      return parser::as<DeleteStmt>(modification)->usingClause != nullptr;
    default:
      return true;
  }
}

}  // namespace

// The target of a modification stays in place: its references are replaced.
parser::TargetReplacement QueryRewriter::target(Source& source, const parser::Modification& modification,
                                                const parser::Binding& binding, const RewriteOptions& options,
                                                Statement& statement) {
  const RangeEntry& entry = binding.entries[modification.entry];
  const rules::ProtectedRelation* relation = generation_.protected_relation(entry.relation->oid);
  DerivedTableRequest request;
  request.relation = relation;
  request.purpose = options.purpose;
  request.columns = entry.used;
  request.explain = options.explain;
  request.target = true;
  const DerivedTable& table = tables_.get(generation_, request);
  if (!table.refused_rule.empty()) {
    refuse(statement,
           refusal("a column of \"" + relation->name + "\" may not be used for this purpose",
                   "Rule: " + table.refused_rule + ".", "Leave the column out of the statement."),
           entry.range->location);
  }
  note(table, *relation, statement);
  std::string problem;
  TargetGuard guard(generation_, options.purpose, entry, table, source.text(), source.tokens(), names_);
  parser::TargetReplacement out = guard.run(modification, statement, problem);
  // A temporary domain may have the name of a built-in type, a parameter the type of somebody's cast.
  const bool built_in =
      names_.catalog_comes_first() && !names_.has_temporary_schema() && generation_.parameters_are_steady();
  for (std::string_view name : parser::comparison_operators) {
    if (built_in && !generation_.is_defined_operator(name)) out.quiet_operators.push_back(name);
  }
  if (!problem.empty()) refuse(statement, unsupported(problem), entry.range->location);
  const bool checked = std::any_of(out.checks.begin(), out.checks.end(),
                                   [](const std::string& check) { return !check.empty(); });
  if (checked) statement.decision = Decision::masked;
  if (source.text().find(parser::target_alias) != std::string::npos)
    refuse(statement, unsupported("the name \"" + std::string(parser::target_alias) + "\" is reserved"));
  if (!checked && is_fully_clear(*relation, options.purpose)) {
    out.replaced = false;
    in_place_.insert(entry.relation);
    for (const rules::ProtectedColumn& column : relation->columns) {
      if (!column.is_public) statement.raw_allowed.push_back({relation->oid, column.attnum});
    }
  }
  if (out.replaced) statement.target_names.emplace_back(entry.name);
  // Beside another relation it would show whether a row was found: by what is read of the other for it.
  if (!reads_others(modification.statement)) {
    LookupFilter found = lookups(source, entry, table, parser::target_alias, options);
    out.lookup = std::move(found.raw);
    out.lookup_guard = std::move(found.guard);
  }
  return out;
}

bool QueryRewriter::replacement(Source& source, const RangeEntry& entry, const RewriteOptions& options,
                                parser::Replacement& out, Statement& statement) {
  const rules::ProtectedRelation* relation =
      generation_.protected_relation(entry.relation->oid, options.purpose);
  if (relation == nullptr) return expand_view(entry, options, out, statement);

  if (entry.relation->kind == parser::RelationKind::view && !entry.system_columns.empty()) {
    const std::string name(entry.system_columns.front());
    refuse(statement, {"42703", "column \"" + name + "\" does not exist", {}, {}, 0});
    return false;
  }
  DerivedTableRequest request;
  request.relation = relation;
  request.purpose = options.purpose;
  request.columns = entry.used;
  request.only = !entry.range->inh;
  request.locked = entry.locked || options.locked;
  request.one_row = entry.relation->children.empty() && finds_key(entry, *relation, false);
  request.few_rows = request.one_row || finds_key(entry, *relation, true);
  statement.finds_one_row = request.one_row;
  // The planner would remember what it has computed for a LATERAL item by the raw values inside of a cell.
  request.apart = options.apart || references_.lateral;
  request.explain = options.explain;
  if (!entry.column_aliases.empty())
    request.columns.assign(entry.used.size(), true);  // they count from the first
  request.system_columns = entry.system_columns;
  const DerivedTable& table = tables_.get(generation_, request);
  if (!table.refused_rule.empty()) {
    refuse(statement,
           refusal("a column of \"" + relation->name + "\" may not be used for this purpose",
                   "Rule: " + table.refused_rule + ".", "Leave the column out of the statement."),
           entry.range->location);
  }
  const bool built_in = generation_.is_built_in_rule(relation->oid);
  if (!built_in) note(table, *relation, statement);
  // What is public of a view may be protected under another purpose.
  auto allow_raw = [&](auto&& may_be) {
    for (const rules::ProtectedColumn& column : relation->columns) {
      if (!built_in && may_be(column)) statement.raw_allowed.push_back({relation->oid, column.attnum});
    }
  };
  if (entry.relation->kind == parser::RelationKind::view)
    allow_raw([](const auto& column) { return column.is_public; });
  // Nothing in it is ever masked for this purpose, or (catalogs) nothing that is masked is used: it stays as
  // it is.
  if ((built_in && !table.masks) || is_fully_clear(*relation, options.purpose)) {
    allow_raw([](const auto& column) { return !column.is_public; });
    return true;
  }

  std::string sample;
  if (!parser::sample_clause(source.text(), source.tokens(), entry, sample, moved_parameters_)) {
    refuse(statement, unsupported("TABLESAMPLE arguments must be constants or parameters here"));
    return false;
  }
  out.query = table.head;
  if (!sample.empty()) out.query += " " + sample;
  out.query += table.tail;
  const LookupFilter found = lookups(source, entry, table, "t", options);
  if (!table.where.empty()) out.query += " WHERE " + table.where;
  if (!found.raw.empty())
    out.query += (table.where.empty() ? " WHERE " : " AND ") + found.raw + " AND " + found.guard;
  // The OFFSET keeps the statement's other conditions out: they would be asked of hidden rows, too. Not below
  // a lock, which would reach rows that the statement does not find.
  if (!found.raw.empty() || (!table.where.empty() && !request.locked)) out.query += " OFFSET 0";
  // Where the row exists a column that is never NULL says so, without the whole row being needed.
  for (const rules::ProtectedColumn& rule : relation->columns) {
    const parser::Column* column = entry.relation->column(rule.attnum);
    if (column == nullptr || !rule.is_public || !column->not_null) continue;
    const auto index = static_cast<std::size_t>(column - entry.relation->columns.data());
    const std::string_view label =
        index < entry.column_aliases.size() ? entry.column_aliases[index] : column->name;
    out.present_test =
        parser::quote_identifier(entry.name) + "." + parser::quote_identifier(label) + " IS NOT NULL";
    break;
  }
  return true;
}

QueryRewriter::Outcome QueryRewriter::run(Source& source, const Node* query, const RewriteOptions& options,
                                          parser::Splicer& splicer, Statement& statement) {
  if (!check_code(query, statement)) return Outcome::done;
  const bool unsettled = options.before != nullptr && options.before->unsettled();
  if (names_unknown_ && !options.catalog_is_fresh && !unsettled) return Outcome::needs_catalog;
  if (resolve(options, statement) == Outcome::needs_catalog) return Outcome::needs_catalog;
  if (statement.refusal) return Outcome::done;

  if (shows_sent_text_ && statement.decision != Decision::untouched) {
    refuse(statement, refusal("current_query() would show generated text"));
    return Outcome::done;
  }
  const bool any =
      std::any_of(relations_.begin(), relations_.end(), [](const BoundRelation& r) { return r.replaced; });
  std::unordered_set<const RangeVar*> renamed;  // targets, with their schema
  if (any && columns_unknown_) {
    refuse(statement, unsupported("protected data can't be read together with a table that an earlier "
                                  "statement of the text changes",
                                  "Send the statements one by one."));
    return Outcome::done;
  }
  if (any) {
    const Decision before = statement.decision;
    statement.decision = Decision::untouched;
    const parser::Binding binding = parser::bind_statement(query, names_, relations_);
    if (binding.names_unknown && !options.catalog_is_fresh && !unsettled) return Outcome::needs_catalog;
    if (refuse_binding(binding, statement)) return statement.decision = before, Outcome::done;
    std::vector<parser::Replacement> replacements(binding.entries.size());
    for (std::size_t i = 0; i < binding.entries.size(); ++i) {
      if (binding.entries[i].target) continue;
      if (!replacement(source, binding.entries[i], options, replacements[i], statement)) {
        return Outcome::done;
      }
      if (replacements[i].query.empty()) in_place_.insert(binding.entries[i].relation);
    }
    std::vector<parser::TargetReplacement> targets;
    for (const parser::Modification& modification : binding.modifications) {
      targets.push_back(target(source, modification, binding, options, statement));
      if (targets.back().replaced) renamed.insert(binding.entries[modification.entry].range);
    }
    if (statement.refusal) return Outcome::done;
    std::string problem;
    if (!parser::rewrite(source.text(), source.tokens(), binding, replacements, targets, splicer, problem)) {
      refuse(statement, unsupported(problem));
      return Outcome::done;
    }
    statement.disclosure =
        disclosure_of(generation_, binding, {options.purpose, false, has_windows(references_)});
    add_origins(binding, statement);
  }
  for (const BoundRelation& bound : relations_) {
    if (!bound.replaced || (in_place_.contains(bound.name.relation) && !renamed.contains(bound.range)))
      qualify(source, bound, splicer, statement);
  }
  return Outcome::done;
}

}  // namespace pgconsent::enforce
