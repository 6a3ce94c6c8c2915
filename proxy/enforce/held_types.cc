#include "proxy/enforce/held_types.h"

#include <algorithm>

#include "parser/names/identifier.h"

namespace pgconsent::enforce {

HeldTypes::HeldTypes(const Generation& generation) : catalog_(generation.catalog()) {
  for (const auto& [oid, rules] : generation.policy().relations) add_columns(oid);
  for (const auto& [oid, relation] : catalog_.relations) {
    if (generation.functions().is_read_for_rows(oid)) add_columns(oid);
  }
  for (const auto& [oid, type] : catalog_.types) {
    if (generation.functions().is_row_type(oid)) queue_.push_back(oid);
  }
  while (!queue_.empty()) {
    const parser::Oid oid = queue_.back();
    queue_.pop_back();
    auto type = catalog_.types.find(oid);
    if (type == catalog_.types.end() || !types_.insert(&type->second).second) continue;
    if (type->second.base != 0) queue_.push_back(type->second.base);
    if (type->second.relation != 0) add_columns(type->second.relation);
  }
}

bool HeldTypes::has(std::string_view name) const {
  return std::any_of(types_.begin(), types_.end(), [&](const auto* type) { return type->name == name; });
}

bool HeldTypes::uses_schema(const std::string& schema) const {
  const std::string prefix = parser::quote_identifier(schema) + ".";
  return std::any_of(types_.begin(), types_.end(),
                     [&](const auto* type) { return type->schema == schema; }) ||
         std::any_of(collations_.begin(), collations_.end(),
                     [&](std::string_view collation) { return collation.starts_with(prefix); });
}

void HeldTypes::add_columns(parser::Oid oid) {
  const parser::Relation* relation = catalog_.relation(oid);
  if (relation == nullptr) return;
  for (const parser::Column& column : relation->columns) {
    queue_.push_back(column.type);
    if (!column.collation_sql.empty()) collations_.push_back(column.collation_sql);
  }
}

}  // namespace pgconsent::enforce
