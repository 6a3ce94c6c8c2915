// COPY table TO: the table becomes a query over T'. COPY table FROM: new rows of the client's own.
#include <algorithm>
#include <set>

#include "parser/tree/walker.h"
#include "proxy/enforce/definitions.h"
#include "proxy/enforce/query_rewriter.h"
#include "proxy/enforce/statement_rules.h"
#include "proxy/enforce/subject_gaps.h"
#include "proxy/enforce/write_rules.h"

namespace pgconsent::enforce {

// COPY FROM into a protected table: its condition sees the new rows only. False: not one.
bool QueryRewriter::copy_in(Source& source, const CopyStmt* copy, const RewriteOptions& options,
                            parser::Splicer& splicer, Statement& statement) {
  const parser::BoundRelation bound{copy->relation, names_.resolve(*copy->relation), false};
  const parser::Relation* relation = bound.name.relation;
  if (relation == nullptr || bound.name.wrong_database || generation_.is_built_in_rule(relation->oid))
    return false;
  if (generation_.reach(bound.name) != parser::RelationReach::protected_itself) return false;
  if (options.before != nullptr && copy->relation->schemaname == nullptr &&
      options.before->blurs(relation->name))
    return false;
  const bool is_table = relation->kind == parser::RelationKind::table ||
                        relation->kind == parser::RelationKind::partitioned_table;
  if (!is_table) return false;
  statement.decision = Decision::allowed;
  auto nothing = std::make_shared<Disclosure>();
  nothing->counts_cells = true;
  statement.disclosure = std::move(nothing);
  statement.audit.tables.push_back(relation->schema + "." + relation->name);
  if (generation_.functions().relation_may_change_state(relation->oid))
    statement.effects |= Effect::changes_state;
  auto error = refuse_write(generation_, *relation, nullptr);
  if (!error) error = refuse_gap(generation_, options.purpose, *relation, nullptr);
  if (error) {
    refuse(statement, std::move(*error), copy->relation->location);
    return true;
  }
  qualify(source, bound, splicer, statement);
  return true;
}

bool QueryRewriter::refuse_server_file(const CopyStmt* copy, Statement& statement) {
  if (copy->filename == nullptr) return false;
  statement.refusal =
      refusal("COPY to or from files and programs of the server can't be used through the proxy", {},
              "Use COPY … TO STDOUT or FROM STDIN.");
  return true;
}

// The columns that COPY names, or all that are not generated.
parser::RangeEntry QueryRewriter::copied_entry(const CopyStmt* copy, const parser::Relation& relation) const {
  parser::RangeEntry entry;
  entry.range = copy->relation;
  entry.relation = &relation;
  entry.name = relation.name;
  entry.used.resize(relation.columns.size());
  for (std::size_t i = 0; copy->attlist == nullptr && i < relation.columns.size(); ++i)
    entry.used[i] = !relation.columns[i].generated;
  parser::for_each(copy->attlist, [&](const Node* name) {
    const parser::Column* column = relation.column(parser::string_value(name));
    if (column != nullptr) entry.used[static_cast<std::size_t>(column - relation.columns.data())] = true;
  });
  return entry;
}

// The columns of the result are those that are copied, in the order of the list.
DisclosurePtr QueryRewriter::copy_disclosure(const CopyStmt* copy, const parser::RangeEntry& entry,
                                             const DisclosureRequest& request) const {
  parser::Binding binding;
  binding.results_known = true;
  binding.entries.push_back(entry);
  const auto add = [&](const parser::Column& column) {
    binding.results.push_back({entry.relation->oid, column.attnum});
    binding.result_entries.push_back(0);
  };
  for (std::size_t i = 0; copy->attlist == nullptr && i < entry.used.size(); ++i) {
    if (entry.used[i]) add(entry.relation->columns[i]);
  }
  parser::for_each(copy->attlist, [&](const Node* name) {
    if (const parser::Column* column = entry.relation->column(parser::string_value(name))) add(*column);
  });
  auto out = std::make_shared<Disclosure>(*disclosure_of(generation_, binding, request));
  note_copy_options(copy, *out);
  return out;
}

QueryRewriter::Outcome QueryRewriter::run_copy(Source& source, const CopyStmt* copy,
                                               const RewriteOptions& options, parser::Splicer& splicer,
                                               Statement& statement) {
  references_ = {};
  if (copy->whereClause != nullptr && !check_code(copy->whereClause, statement)) return Outcome::done;
  if (copy->is_from && copy_in(source, copy, options, splicer, statement)) return Outcome::done;
  references_.relations.push_back({copy->relation,
                                   copy->is_from ? parser::RelationUse::target : parser::RelationUse::read,
                                   parser::node_of(copy)});
  if (resolve(options, statement) == Outcome::needs_catalog) return Outcome::needs_catalog;
  if (statement.refusal || relations_.empty()) return Outcome::done;
  if (!relations_.front().replaced) {
    qualify(source, relations_.front(), splicer, statement);
    return Outcome::done;
  }
  const parser::Relation& relation = *relations_.front().name.relation;
  const rules::ProtectedRelation* rules = generation_.protected_relation(relation.oid);
  if (rules == nullptr || relation.kind != parser::RelationKind::table) {
    refuse(statement,
           unsupported("COPY from \"" + relation.name + "\" is not supported", "Use COPY (SELECT …) TO."));
    return Outcome::done;
  }
  RangeVar range = *copy->relation;
  range.inh = false;  // COPY copies the table's own rows
  parser::RangeEntry entry = copied_entry(copy, relation);
  entry.range = &range;
  std::string list;
  std::set<parser::AttrNumber> added;
  const auto add = [&](const parser::Column& column) {
    list += (list.empty() ? "" : ", ") + parser::quote_identifier(column.name);
    if (!added.insert(column.attnum).second)
      refuse(statement, {"42701", "column \"" + column.name + "\" specified more than once", {}, {}, 0});
  };
  for (std::size_t i = 0; copy->attlist == nullptr && i < entry.used.size(); ++i) {
    if (entry.used[i]) add(relation.columns[i]);
  }
  parser::for_each(copy->attlist, [&](const Node* name) {
    const parser::Column* column = relation.column(parser::string_value(name));
    if (column != nullptr) return add(*column);
    refuse(statement, {"42703",
                       "column \"" + std::string(parser::string_value(name)) + "\" of relation \"" +
                           relation.name + "\" does not exist",
                       {},
                       {},
                       0});
  });
  parser::Replacement out;
  statement.decision = Decision::untouched;
  if (statement.refusal || !replacement(source, entry, options, out, statement)) return Outcome::done;
  if (statement.refusal) return Outcome::done;
  statement.disclosure = copy_disclosure(copy, entry, {options.purpose});
  if (out.query.empty()) {
    in_place_.insert(&relation);
    return Outcome::done;
  }
  const std::string query = "SELECT " + list + " FROM (" + out.query + ") c";
  if (!parser::replace_copy_relation(source.tokens(), copy, query, splicer)) {
    refuse(statement, unsupported("this form of COPY is not supported", "Use COPY (SELECT …) TO."));
  }
  return Outcome::done;
}

}  // namespace pgconsent::enforce
