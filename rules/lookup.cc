#include <algorithm>

#include "parser/names/ascii.h"
#include "rules/binder.h"
#include "rules/suggest.h"

namespace pgconsent::rules {

namespace {

using parser::Relation;
using parser::RelationKind;

std::string_view kind_name(RelationKind kind) {
  switch (kind) {
    case RelationKind::table:
      return "a table";
    case RelationKind::partitioned_table:
      return "a partitioned table";
    case RelationKind::view:
      return "a view";
    case RelationKind::materialized_view:
      return "a materialized view";
    case RelationKind::foreign_table:
      return "a foreign table";
    case RelationKind::sequence:
      return "a sequence";
    case RelationKind::composite_type:
      return "a composite type";
    case RelationKind::toast:
      return "a TOAST table";
    case RelationKind::index:
      return "an index";
    case RelationKind::partitioned_index:
      return "a partitioned index";
  }
  return "of an unknown kind";
}

// The same name in another schema is the likeliest mistake, then a similar full name.
std::string relation_hint(const Binding& binding, const TableName& name) {
  if (binding.hints_left-- <= 0) return {};
  std::vector<std::string> same_name, all;
  for (const auto& [oid, relation] : binding.catalog.relations) {
    if (!holds_rows(relation) || is_system_schema(relation.schema)) continue;
    all.push_back(display(relation));
    if (relation.name == name.name.text) same_name.push_back(all.back());
  }
  if (!same_name.empty()) {
    return "did you mean " + in_backticks(*std::min_element(same_name.begin(), same_name.end())) + "?";
  }
  const std::string hint = did_you_mean(name.display(), all);
  if (!hint.empty() || binding.catalog.has_schema(name.schema.text)) return hint;
  return did_you_mean(name.schema.text, binding.catalog.schemas,
                      "there is no schema " + in_backticks(name.schema.text));
}

}  // namespace

bool holds_rows(const Relation& relation) {
  return parser::holds_rows(relation.kind);
}

bool is_system_schema(std::string_view schema) {
  return schema == "information_schema" ||
         schema.starts_with("pg_");  // pg_ is reserved: pg_catalog, pg_temp_3, …
}

std::string display(const Relation& relation) {
  return display_name(relation.schema, relation.name);
}

const Relation* find_relation(const Binding& binding, const TableName& name, Reporter& report) {
  const Relation* relation = binding.catalog.relation(name.schema.text, name.name.text);
  if (relation == nullptr) {
    report.error(name.at, "table " + in_backticks(name.display()) + " does not exist",
                 relation_hint(binding, name));
    return nullptr;
  }
  if (!holds_rows(*relation)) {
    report.error(name.at, in_backticks(name.display()) + " is " + std::string(kind_name(relation->kind)) +
                              ", not a table or view");
    return nullptr;
  }
  if (is_system_schema(relation->schema)) {
    report.error(name.at, in_backticks(name.display()) + " belongs to the system or to one session",
                 "pgconsent guards the system catalogs by itself");
    return nullptr;
  }
  return relation;
}

const parser::Column* find_column(const Relation& relation, const Text& name, Reporter& report) {
  const parser::Column* column = relation.column(name.text);
  if (column == nullptr) {
    std::vector<std::string> names;
    std::string other_case;
    for (const parser::Column& c : relation.columns) {
      names.push_back(display_identifier(c.name));
      if (c.name != name.text && parser::lower(c.name) == parser::lower(name.text)) other_case = names.back();
    }
    report.error(name.at,
                 "column " + in_backticks(display_identifier(name.text)) + " does not exist in " +
                     in_backticks(display(relation)),
                 other_case.empty() ? did_you_mean(display_identifier(name.text), names)
                                    : "write '" + other_case + "': names keep their case in double quotes");
  }
  return column;
}

bool finds_one_row(const Relation& relation, const std::vector<AttrNumber>& columns) {
  // A unique index covers one table of an inheritance tree; that of a partitioned table covers all
  // partitions.
  if (relation.kind != RelationKind::partitioned_table && !relation.children.empty()) return false;
  auto given = [&](AttrNumber attnum) {
    return std::find(columns.begin(), columns.end(), attnum) != columns.end();
  };
  return std::any_of(
      relation.unique_keys.begin(), relation.unique_keys.end(), [&](const parser::UniqueKey& key) {
        return !key.attnums.empty() && std::all_of(key.attnums.begin(), key.attnums.end(), given);
      });
}

}  // namespace pgconsent::rules
