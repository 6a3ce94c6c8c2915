#include "proxy/enforce/target_guard.h"

#include <fmt/format.h>

#include <algorithm>

#include "parser/edit/rewrite.h"
#include "parser/tree/walker.h"
#include "proxy/enforce/mask_sql.h"

namespace pgconsent::enforce {

namespace {

using parser::Assignment;
using parser::Column;
using parser::quote_identifier;
using parser::target_alias;
using rules::Clearance;
using rules::ProtectedColumn;

std::string joined(const std::vector<std::string>& conditions) {
  std::string sql;
  for (const std::string& condition : conditions) sql += (sql.empty() ? "" : " AND ") + condition;
  return sql;
}

// Calls f with the last name of each reference. False: there is more in it than is known here.
template <class F>
bool for_each_column(const Node* expression, F&& f) {
  if (nodeTag(expression) == T_ColumnRef) f(parser::last_string(parser::as<ColumnRef>(expression)->fields));
  bool known = true;
  known &= parser::for_each_child(expression, [&](const Node* child) { known &= for_each_column(child, f); });
  return known;
}

std::string cell_of(const Column& column) {
  return fmt::format("{}.{}", target_alias, quote_identifier(column.name));
}

}  // namespace

TargetGuard::TargetGuard(const Generation& generation, const rules::Purpose* purpose,
                         const parser::RangeEntry& entry, const DerivedTable& table, const std::string& text,
                         const parser::TokenIndex& tokens, const parser::NameResolver& names)
    : generation_(generation),
      purpose_(purpose),
      entry_(entry),
      table_(table),
      relation_(*generation.protected_relation(entry.relation->oid)),
      text_(text),
      tokens_(tokens),
      names_(names) {}

const ProtectedColumn* TargetGuard::rule_of(int column) const {
  return relation_.column(entry_.relation->columns[column].attnum);
}

parser::TargetReplacement TargetGuard::run(const parser::Modification& modification, Statement& statement,
                                           std::string& problem) {
  parser::TargetReplacement out;
  out.replaced = true;
  out.cells = table_.cells;
  out.plain = table_.plain;
  out.filter = table_.where;
  for (const parser::AssignmentList& update : modification.updates)
    out.checks.push_back(check(update, modification.statement, statement, problem));
  note_written(modification, statement);
  return out;
}

// What must hold of the row that an assignment list changes; empty when nothing need be asked.
std::string TargetGuard::check(const parser::AssignmentList& update, const Node* modification,
                               Statement& statement, std::string& problem) {
  std::vector<std::string> finds, subjects;
  std::vector<std::pair<std::string, std::string>> writes;  // each condition once, the first rule that has it
  std::string found_rule, key, whose;
  bool in_part = false;
  const auto must_be_readable = [&](std::string condition, std::string rule) {
    if (std::none_of(writes.begin(), writes.end(), [&](const auto& each) { return each.first == condition; }))
      writes.emplace_back(std::move(condition), std::move(rule));
  };
  if (update.upsert) {
    finds = found_by_masked(modification, found_rule);
    const auto* conflict = parser::as<InsertStmt>(modification)->onConflictClause;
    if (!finds.empty() && conflict->whereClause != nullptr) {
      problem = "ON CONFLICT over a masked column with a WHERE behind DO UPDATE can't be checked";
      return {};
    }
  }
  // A row that may not be seen was found by its key.
  if (update.upsert && !table_.where.empty()) must_be_readable(table_.where, {});
  for (const Assignment& assignment : update.assignments) {
    if (assignment.column < 0) continue;
    const Column& column = entry_.relation->columns[assignment.column];
    if (column.generated) continue;  // takes DEFAULT only
    std::string rule;
    if (std::string condition = may_write(assignment, rule); !condition.empty()) {
      in_part |= parser::is_part(assignment);
      if (parser::is_part(assignment) && parser::is_multi(assignment)) {
        problem = "a part of a masked value can't be checked in an assignment to several columns";
        return {};
      }
      must_be_readable(std::move(condition), std::move(rule));
    }
    std::string of;
    if (std::string condition = keeps_subject(assignment, column.attnum, update.upsert, of);
        !condition.empty()) {
      if (key.empty()) key = column.name, whose = of;
      add_unique(subjects, std::move(condition));
    }
  }
  if (finds.empty() && writes.empty() && subjects.empty()) return {};
  if (parser::check_carrier(update) < 0 && !parser::where_carries(modification)) {
    problem = "an assignment of DEFAULT or ROW(…) to protected columns or subjects can't be checked here";
    return {};
  }
  const std::string any = cell_of(entry_.relation->columns.front());
  std::string sql;
  auto add = [&](const std::vector<std::string>& conditions, parser::SqlError error) {
    if (conditions.empty()) return;
    error.sqlstate = parser::sqlstate::insufficient_privilege;
    sql += (sql.empty() ? "" : " AND ") +
           checked_sql(joined(conditions), any, static_cast<int>(statement.write_refusals.size()));
    statement.write_refusals.push_back(std::move(error));
  };
  add(finds, {{},
              "pgconsent: a row of \"" + relation_.name + "\" may not be found by a masked value",
              "Rule: " + found_rule + ".",
              "ON CONFLICT DO NOTHING, or another key.",
              0});
  for (const auto& [condition, rule] : writes) {
    add({condition},
        {{},
         "pgconsent: a masked value of \"" + relation_.name + "\" may not be overwritten",
         rule.empty() ? std::string("The row has no lawful basis.") : "Rule: " + rule + ".",
         std::string(
             "Leave the column out, or the rows of subjects without consent; or give its rule `write: "
             "allow`") +
             (in_part ? " and assign the whole value." : "."),
         0});
  }
  add(subjects, {{},
                 "pgconsent: the subject of a row of \"" + whose + "\" with masked values may not change",
                 "Column \"" + key + "\" of \"" + relation_.name + "\" decides whose data the row holds.",
                 "Leave the column as it is.",
                 0});
  return sql;
}

// The key that an upsert finds its row by shows whose value it is: where it holds more than one may read.
std::vector<std::string> TargetGuard::found_by_masked(const Node* modification, std::string& rule) const {
  const InferClause* infer = parser::as<InsertStmt>(modification)->onConflictClause->infer;
  std::vector<parser::AttrNumber> key;
  bool known = infer != nullptr;
  if (known && infer->conname != nullptr) {
    const auto& keys = entry_.relation->unique_keys;
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const parser::UniqueKey& each) {
      return each.index == infer->conname;
    });
    known = found != keys.end();
    if (known) key = found->attnums;
  } else if (known) {
    const auto add = [&](std::string_view name) {
      const Column* column = entry_.relation->column(name);
      known &= column != nullptr;
      if (column != nullptr) key.push_back(column->attnum);
    };
    parser::for_each(infer->indexElems, [&](const Node* node) {
      const auto* element = parser::as<IndexElem>(node);
      if (element->name != nullptr) add(element->name);
      known &= element->expr == nullptr || for_each_column(element->expr, add);
    });
  }
  std::vector<std::string> conditions;
  for (const ProtectedColumn& column : relation_.columns) {
    if (known && std::find(key.begin(), key.end(), column.attnum) == key.end()) continue;
    if (std::string condition = may_read(column, rule); !condition.empty())
      add_unique(conditions, std::move(condition));
  }
  return conditions;
}

std::string TargetGuard::may_write(const Assignment& assignment, std::string& rule) const {
  static const ProtectedColumn unknown;  // added since the rules were bound
  const ProtectedColumn* column = rule_of(assignment.column);
  if (column == nullptr) column = &unknown;
  const bool free = column->write_allowed && !parser::is_part(assignment);  // the rest of it stays
  return free ? std::string() : may_read(*column, rule);
}

// Where the cell is not masked; empty: everywhere.
std::string TargetGuard::may_read(const ProtectedColumn& column, std::string& rule) const {
  if (column.is_public) return {};
  const rules::Decision decision = generation_.decide(relation_, purpose_, column);
  if (decision.clearance == Clearance::always) return {};
  if (rule.empty()) rule = column.rule;
  if (decision.clearance == Clearance::never) return "FALSE";
  return Guard(generation_, relation_, *purpose_, Guard::Form::exists, target_alias)
      .condition(column.category);
}

std::string TargetGuard::keeps_subject(const Assignment& assignment, parser::AttrNumber attnum, bool upsert,
                                       std::string& whose) const {
  std::vector<std::string> conditions;
  for (const SubjectColumn& column : generation_.subject_columns().of(relation_.oid)) {
    if (column.attnum != attnum) continue;
    std::string condition = unmasked(column);
    if (condition.empty()) continue;
    if (whose.empty()) whose = column.of->name;
    add_unique(conditions, std::move(condition));
  }
  if (conditions.empty()) return {};
  const std::string same = unchanged(assignment, upsert);
  if (same == "TRUE") return {};
  return same.empty() ? joined(conditions) : fmt::format("({} OR {})", same, joined(conditions));
}

// No cell of the rows is masked whose subject the column decides. Empty: none ever is.
std::string TargetGuard::unmasked(const SubjectColumn& column) const {
  std::vector<std::string> conditions, categories;
  for (const ProtectedColumn& cell : column.of->columns) {
    if (cell.is_public) continue;
    const rules::Decision decision = generation_.decide(*column.of, purpose_, cell);
    if (decision.clearance == Clearance::always) continue;
    if (decision.clearance == Clearance::never || !column.known) return "FALSE";
    // What depends on the other row can't be asked from here.
    if (column.of->oid != relation_.oid &&
        generation_.conditions().reads_row(*column.of, *purpose_, cell.category))
      return "FALSE";
    add_unique(categories, cell.category);
  }
  rules::ProtectedRelation start;
  start.oid = start.declared = relation_.oid;
  if (column.of->oid == relation_.oid) start.declared = relation_.declared;
  start.name = relation_.name;
  start.subjects = {column.path};
  // All subjects of the very row count as its rule says.
  const bool own = column.of->oid == relation_.oid;
  for (const std::string& category : categories) {
    Guard guard(generation_, own ? relation_ : start, *purpose_, Guard::Form::exists, target_alias);
    add_unique(conditions, guard.condition(category));
  }
  return joined(conditions);
}

// The column keeps its value, where the assignment says so plainly; empty where that can't be told.
std::string TargetGuard::unchanged(const Assignment& assignment, bool upsert) const {
  const Column& column = entry_.relation->columns[assignment.column];
  const std::string cell = cell_of(column);
  if (assignment.target->indirection != nullptr) return {};
  const Node* node = parser::assigned_value(assignment.target);
  if (nodeTag(node) == T_A_Const && parser::as<A_Const>(node)->isnull) return cell + " IS NULL";
  const std::string value = steady_value(node, column, upsert);
  if (value.empty()) return {};
  if (value == cell) return "TRUE";
  const std::string typed = fmt::format("CAST({} AS {})", value, column.type_sql);
  return fmt::format("({0} OPERATOR(pg_catalog.=) {1} OR ({0} IS NULL AND {1} IS NULL))", cell, typed);
}

// The value as SQL, if it is one that has the same value however often it is read: a subquery in FROM may be
// flattened, and a function in it called once more for the check. Empty: it may not be.
std::string TargetGuard::steady_value(const Node* value, const Column& column, bool upsert) const {
  switch (nodeTag(value)) {
    case T_ColumnRef: {
      const auto* reference = parser::as<ColumnRef>(value);
      if (is_own(*reference, column)) return cell_of(column);
      const bool is_excluded =
          upsert && list_length(reference->fields) == 2 &&
          parser::string_value(static_cast<const Node*>(linitial(reference->fields))) == "excluded" &&
          !parser::last_string(reference->fields).empty() && entry_.name != "excluded";
      const int first = is_excluded ? tokens_.at(reference->location) : -1;
      return first < 0 ? std::string() : text_between(first, tokens_.after_name(first));
    }
    case T_TypeCast: {
      const auto* cast = parser::as<TypeCast>(value);
      const std::string type = built_in_type(*cast->typeName);
      const std::string inner = type.empty() ? type : steady_value(cast->arg, column, upsert);
      return inner.empty() ? inner : fmt::format("CAST({} AS {})", inner, type);
    }
    case T_CoalesceExpr: {
      std::string list;
      bool steady = true;
      parser::for_each(parser::as<CoalesceExpr>(value)->args, [&](const Node* arg) {
        const std::string each = steady_value(arg, column, upsert);
        steady &= !each.empty();
        list += (list.empty() ? "" : ", ") + each;
      });
      return steady ? "COALESCE(" + list + ")" : std::string();
    }
    case T_ParamRef:
      return generation_.parameters_are_steady() ? parser::value_text(text_, tokens_, value) : std::string();
    default:
      return parser::value_text(text_, tokens_, value);
  }
}

// column, orders.column, public.orders.column
bool TargetGuard::is_own(const ColumnRef& reference, const Column& column) const {
  const List* fields = reference.fields;
  const auto field = [&](int index) {
    return parser::string_value(static_cast<const Node*>(list_nth(fields, index)));
  };
  const int count = list_length(fields);
  if (count > 3 || parser::last_string(fields) != column.name) return false;
  if (count == 3 && (field(0) != entry_.relation->schema || entry_.range->alias != nullptr)) return false;
  return count == 1 || field(count - 2) == entry_.name;
}

std::string TargetGuard::text_between(int first, int last) const {
  return text_.substr(tokens_[first].start, tokens_[last - 1].end - tokens_[first].start);
}

// A type of pg_catalog, to which constants are cast without anybody's code. Empty: perhaps another one.
std::string TargetGuard::built_in_type(const TypeName& type) const {
  if (type.setof || type.pct_type || type.arrayBounds != nullptr || type.typmods != nullptr) return {};
  const std::string_view name = parser::last_string(type.names);
  if (list_length(type.names) == 2) {  // bigint, int, varchar, timestamptz are read as pg_catalog's
    const bool built_in =
        parser::string_value(static_cast<const Node*>(linitial(type.names))) == "pg_catalog";
    return built_in ? parser::quote_qualified({"pg_catalog", std::string(name)}) : std::string();
  }
  // Others by the search path: the same one in both places, as long as nobody made one of that name.
  static constexpr std::string_view common[] = {"uuid", "text", "date", "int8", "int4"};
  if (list_length(type.names) != 1 || !names_.catalog_comes_first() || names_.has_temporary_schema() ||
      std::find(std::begin(common), std::end(common), name) == std::end(common))
    return {};
  const auto& types = generation_.catalog().types;
  const bool made =
      std::any_of(types.begin(), types.end(), [&](const auto& entry) { return entry.second.name == name; });
  return made ? std::string() : parser::quote_identifier(name);
}

// An INSERT's own columns count as used: they are written.
void TargetGuard::note_written(const parser::Modification& modification, Statement& statement) const {
  auto note = [&](const Column& column) {
    const ProtectedColumn* rule = relation_.column(column.attnum);
    if (rule == nullptr || rule->is_public) return;
    add_unique(statement.audit.columns, relation_.name + "." + column.name);
    add_unique(statement.audit.rules, rule->rule);
  };
  auto note_list = [&](const List* columns) {
    parser::for_each(columns, [&](const Node* node) {
      const Column* column = entry_.relation->column(std::string_view(parser::as<ResTarget>(node)->name));
      if (column != nullptr) note(*column);
    });
  };
  for (const parser::AssignmentList& update : modification.updates) {
    for (const Assignment& assignment : update.assignments) {
      if (assignment.column >= 0) note(entry_.relation->columns[assignment.column]);
    }
  }
  if (nodeTag(modification.statement) == T_InsertStmt) {
    const auto* insert = parser::as<InsertStmt>(modification.statement);
    note_list(insert->cols);
    if (insert->cols == nullptr) {
      for (const Column& column : entry_.relation->columns) note(column);
    }
  }
  if (nodeTag(modification.statement) == T_MergeStmt) {
    parser::for_each(parser::as<MergeStmt>(modification.statement)->mergeWhenClauses, [&](const Node* when) {
      if (parser::as<MergeWhenClause>(when)->commandType == CMD_INSERT)
        note_list(parser::as<MergeWhenClause>(when)->targetList);
    });
  }
}

}  // namespace pgconsent::enforce
