// ALTER DOMAIN and ALTER TYPE check or rewrite the unmasked values of every table that uses the type, and an
// error says which value failed. With DROP … CASCADE the columns go, too. Where consent is told by an enum,
// other names for its values would give it.
#include <algorithm>
#include <unordered_set>
#include <vector>

#include "parser/tree/walker.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

// What the columns are made of that protected relations have, or those that consent, conditions of the rules
// or trusted code read.
class HeldTypes {
 public:
  explicit HeldTypes(const Generation& generation) : catalog_(generation.catalog()) {
    for (const auto& [oid, rules] : generation.policy().relations) add_columns(oid);
    for (const auto& [oid, relation] : catalog_.relations) {
      if (generation.functions().is_read_for_rows(oid)) add_columns(oid);
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

  bool has(std::string_view name) const {  // in any schema
    return std::any_of(types_.begin(), types_.end(), [&](const auto* type) { return type->name == name; });
  }

  bool uses_schema(const std::string& schema) const {
    const std::string prefix = parser::quote_identifier(schema) + ".";
    return std::any_of(types_.begin(), types_.end(),
                       [&](const auto* type) { return type->schema == schema; }) ||
           std::any_of(collations_.begin(), collations_.end(),
                       [&](std::string_view collation) { return collation.starts_with(prefix); });
  }

 private:
  void add_columns(parser::Oid oid) {
    const parser::Relation* relation = catalog_.relation(oid);
    if (relation == nullptr) return;
    for (const parser::Column& column : relation->columns) {
      queue_.push_back(column.type);
      if (!column.collation_sql.empty()) collations_.push_back(column.collation_sql);
    }
  }

  const parser::Snapshot& catalog_;
  std::unordered_set<const parser::Type*> types_;
  std::vector<std::string_view> collations_;
  std::vector<parser::Oid> queue_;
};

// Generated columns and policies would go with it.
bool has_row_code(std::string_view schema, const Generation& generation) {
  const auto& functions = generation.catalog().functions;
  return std::any_of(functions.begin(), functions.end(), [&](const auto& each) {
    return each.second.schema == schema && generation.functions().runs_on_rows(each.second.name);
  });
}

std::optional<parser::SqlError> refuse_type_drop(const DropStmt* drop, const Generation& generation) {
  if (drop->behavior != DROP_CASCADE) return std::nullopt;
  const HeldTypes held(generation);
  std::optional<parser::SqlError> error;
  const auto refuse = [&](std::string_view name) {
    error = refusal("\"" + std::string(name) + "\" can't be dropped with all that uses it through the proxy",
                    "Columns of protected tables may.", "Leave out CASCADE, or let a DBA do it.");
  };
  switch (drop->removeType) {
    case OBJECT_EXTENSION:
      parser::for_each(drop->objects, [&](const Node* name) { refuse(parser::string_value(name)); });
      break;
    case OBJECT_COLLATION:
      parser::for_each(drop->objects,
                       [&](const Node* name) { refuse(parser::last_string(parser::as<List>(name))); });
      break;
    case OBJECT_TYPE:
    case OBJECT_DOMAIN:
      parser::for_each(drop->objects, [&](const Node* type) {
        const std::string_view name = parser::last_string(parser::as<TypeName>(type)->names);
        if (held.has(name)) refuse(name);
      });
      break;
    case OBJECT_SCHEMA:
      parser::for_each(drop->objects, [&](const Node* name) {
        const std::string schema(parser::string_value(name));
        if (held.uses_schema(schema) || has_row_code(schema, generation)) refuse(schema);
      });
      break;
    case OBJECT_TABLE:
    case OBJECT_VIEW:
    case OBJECT_MATVIEW:
    case OBJECT_FOREIGN_TABLE:
      parser::for_each(drop->objects, [&](const Node* name) {
        const std::string_view last = parser::last_string(parser::as<List>(name));
        if (held.has(last)) refuse(last);
      });
      break;
    default:
      break;
  }
  return error;
}

}  // namespace

std::optional<parser::SqlError> refuse_type_change(const Node* statement, const Generation& generation) {
  std::string_view name;
  switch (nodeTag(statement)) {
    case T_DropStmt:
      return refuse_type_drop(parser::as<DropStmt>(statement), generation);
    case T_AlterDomainStmt: {
      const auto* alter = parser::as<AlterDomainStmt>(statement);
      const bool checks = alter->subtype == 'C' || alter->subtype == 'V' || alter->subtype == 'O';
      if (checks) name = parser::last_string(alter->typeName);
      break;
    }
    case T_AlterEnumStmt:
      if (parser::as<AlterEnumStmt>(statement)->oldVal != nullptr)
        name = parser::last_string(parser::as<AlterEnumStmt>(statement)->typeName);
      break;
    case T_AlterTypeStmt:
      name = parser::last_string(parser::as<AlterTypeStmt>(statement)->typeName);
      break;
    case T_AlterTableStmt:
      if (parser::as<AlterTableStmt>(statement)->objtype == OBJECT_TYPE)
        name = parser::as<AlterTableStmt>(statement)->relation->relname;
      break;
    default:
      break;
  }
  if (name.empty() || !HeldTypes(generation).has(name)) return std::nullopt;
  return refusal(
      "type \"" + std::string(name) + "\" can't be changed through the proxy",
      "Columns of protected tables have it, whose unmasked values would be checked, or columns that decide "
      "about consent.",
      "Let a DBA do it without the proxy.");
}

}  // namespace pgconsent::enforce
