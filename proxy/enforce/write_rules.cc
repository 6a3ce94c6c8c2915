#include "proxy/enforce/write_rules.h"

#include <algorithm>

#include "parser/tree/walker.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

using parser::Oid;
using parser::Relation;
using parser::RelationKind;

// UPDATE pg_settings is SET by another name, also through a view or a rule.
bool is_over_settings(const Generation& generation, const Relation& relation) {
  const Relation* settings = generation.catalog().relation("pg_catalog", "pg_settings");
  if (settings == nullptr) return false;
  const std::vector<Oid> written = generation.functions().writes().written_with(relation.oid);
  return std::find(written.begin(), written.end(), settings->oid) != written.end();
}

// The columns that existing rows get new values for.
std::vector<std::string_view> assigned(const Node* statement) {
  std::vector<std::string_view> names;
  if (statement == nullptr) return names;
  auto add = [&](const List* targets) {
    parser::for_each(targets, [&](const Node* node) { names.push_back(parser::as<ResTarget>(node)->name); });
  };
  switch (nodeTag(statement)) {
    case T_UpdateStmt:
      add(parser::as<UpdateStmt>(statement)->targetList);
      break;
    case T_InsertStmt:
      if (const auto* conflict = parser::as<InsertStmt>(statement)->onConflictClause)
        add(conflict->targetList);
      break;
    case T_MergeStmt:
      parser::for_each(parser::as<MergeStmt>(statement)->mergeWhenClauses, [&](const Node* when) {
        if (parser::as<MergeWhenClause>(when)->commandType == CMD_UPDATE)
          add(parser::as<MergeWhenClause>(when)->targetList);
      });
      break;
    default:
      break;
  }
  return names;
}

bool deletes(const Node* statement) {
  if (statement == nullptr) return false;
  if (nodeTag(statement) == T_DeleteStmt) return true;
  bool found = false;
  if (nodeTag(statement) == T_MergeStmt) {
    parser::for_each(parser::as<MergeStmt>(statement)->mergeWhenClauses, [&](const Node* when) {
      found |= parser::as<MergeWhenClause>(when)->commandType == CMD_DELETE;
    });
  }
  return found;
}

std::optional<parser::SqlError> refuse_code(const Generation& generation, const Relation& target,
                                            bool updates) {
  updates |= target.has_rules || target.kind == RelationKind::view;  // whose rules may say anything
  for (Oid oid : generation.functions().writes().written_with(target.oid)) {
    const Relation* relation = generation.catalog().relation(oid);
    if (relation == nullptr) continue;
    if (relation->has_rules && generation.policy().relation(oid) != nullptr) {
      return refusal("\"" + relation->name + "\" has rewrite rules, which see protected data", {},
                     "Use triggers in their place.");
    }
    const UntrustedCode* code = generation.untrusted_code(oid, updates);
    if (code == nullptr) continue;
    const std::string hint = "List the function under `functions: trusted` in the rules if it is harmless.";
    const std::string name = "`" + code->function->identity + "` ";
    if (code->column.empty()) {
      return refusal("writing to \"" + target.name + "\" runs code that may show protected data",
                     name + "sees the raw row of \"" + relation->name + "\".", hint);
    }
    return refusal("writing to \"" + target.name + "\" runs code that may change what decides about masks",
                   name + "may give " +
                       (code->column == "*" ? "the row" : "column \"" + code->column + "\"") + " of \"" +
                       relation->name + "\" another value.",
                   hint);
  }
  return std::nullopt;
}

// Of the table, or of another one that is written with it.
std::string dangerous_code(const Generation& generation, const Relation& target) {
  for (Oid oid : generation.functions().writes().written_with(target.oid)) {
    const Relation* relation = generation.catalog().relation(oid);
    if (relation == nullptr) continue;
    for (Oid function : dangerous_functions(generation, *relation))
      return generation.functions().reason(function) + ". Writes to \"" + relation->name + "\" run it.";
  }
  return "A trigger, default, check or rule of it calls a function that can't be seen through.";
}

// A plain view over a table that decides about subjects; so do rewrite rules lead to other tables.
std::optional<parser::SqlError> refuse_through_view(const Generation& generation, const Relation& target,
                                                    const Node* statement) {
  if (target.kind != RelationKind::view && !target.has_rules) return std::nullopt;
  const bool changes = target.has_rules || !assigned(statement).empty() || deletes(statement);
  if (!changes || !generation.leads_to_subjects(target.oid)) return std::nullopt;
  return refusal("\"" + target.name + "\" stands for tables that decide about the subjects of protected rows",
                 "Which columns would be written is not looked for through it.",
                 "Modify the table below it.");
}

}  // namespace

std::optional<parser::SqlError> refuse_write(const Generation& generation, const Relation& target,
                                             const Node* statement) {
  if (target.schema == "pg_catalog" || target.schema == "information_schema" ||
      is_over_settings(generation, target)) {
    return unsupported("\"" + target.name + "\" can't be modified through the proxy",
                       "Use SET to change a setting.");
  }
  if (generation.functions().write_is_dangerous(target.oid)) {
    return refusal("writing to \"" + target.name + "\" runs code that may read protected data",
                   dangerous_code(generation, target),
                   "List the function under `functions: trusted` in the rules if it is harmless.");
  }
  if (deletes(statement) && generation.subject_columns().delete_changes_subjects(target.oid)) {
    return refusal("deleting from \"" + target.name + "\" would give protected rows another subject",
                   "A foreign key with ON DELETE SET DEFAULT points at it.");
  }
  if (auto error = refuse_through_view(generation, target, statement)) return error;
  const bool is_protected = generation.policy().relation(target.oid) != nullptr;
  for (std::string_view name : assigned(statement)) {
    const parser::Column* column = target.column(name);
    if (column == nullptr || is_protected) continue;  // a protected target's rows are checked one by one
    for (const SubjectColumn& deciding : generation.subject_columns().of(target.oid)) {
      if (deciding.attnum != column->attnum) continue;
      return refusal("\"" + column->name + "\" of \"" + target.name +
                         "\" decides about the subjects of protected rows and may not be changed",
                     "The rows are those of \"" + deciding.of->name + "\".", "Leave the column as it is.");
    }
  }
  return refuse_code(generation, target, !assigned(statement).empty() || deletes(statement));
}

std::optional<parser::SqlError> refuse_protected_write(const Generation& generation, const Relation& target,
                                                       const Node* statement) {
  if (statement == nullptr) {
    return unsupported("\"" + target.name + "\" can't be filled by COPY through the proxy yet",
                       "It holds protected data. Use INSERT.");
  }
  switch (target.kind) {
    case RelationKind::table:
    case RelationKind::partitioned_table:
      break;
    case RelationKind::view:
      return unsupported("view \"" + target.name + "\" shows protected data and can't be modified",
                         "Modify the table below it.");
    default:
      return unsupported("\"" + target.name + "\" holds protected data and can't be modified");
  }
  if (generation.policy().relation(target.oid) == nullptr)
    return unsupported("\"" + target.name + "\" can't be modified through the proxy");
  return std::nullopt;
}

bool is_masked_column(const Generation& generation, const rules::Purpose* purpose, const Relation& relation,
                      std::string_view column) {
  const rules::ProtectedRelation* protection = generation.protected_relation(relation.oid);
  const parser::Column* found = relation.column(column);
  if (protection == nullptr || found == nullptr) return true;
  auto is_clear = [&](const rules::ProtectedColumn& rule) {
    return rule.is_public ||
           generation.decide(*protection, purpose, rule).clearance == rules::Clearance::always;
  };
  const rules::ProtectedColumn* rule = protection->column(found->attnum);
  const bool hides_rows =
      std::any_of(protection->columns.begin(), protection->columns.end(), [&](const auto& each) {
        return each.without_basis == rules::WithoutBasis::hide_row && !is_clear(each);
      });
  return rule == nullptr || !is_clear(*rule) || hides_rows;
}

}  // namespace pgconsent::enforce
