// ALTER DOMAIN and ALTER TYPE check or rewrite the unmasked values of every table that uses the type, and an
// error says which value failed. With DROP … CASCADE the columns go, too. Where consent is told by an enum,
// other names for its values would give it.
#include <unordered_set>
#include <vector>

#include "parser/tree/walker.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

// Is a type of that name, in any schema, part of a column of a protected relation, or of one that consent,
// conditions of the rules or trusted code read?
bool is_held_protected(std::string_view name, const Generation& generation) {
  const parser::Snapshot& catalog = generation.catalog();
  std::unordered_set<parser::Oid> seen;
  std::vector<parser::Oid> queue;
  auto add_columns = [&](parser::Oid oid) {
    const parser::Relation* relation = catalog.relation(oid);
    if (relation == nullptr) return;
    for (const parser::Column& column : relation->columns) queue.push_back(column.type);
  };
  for (const auto& [oid, rules] : generation.policy().relations) add_columns(oid);
  for (const auto& [oid, relation] : catalog.relations) {
    if (generation.functions().is_read_for_rows(oid)) add_columns(oid);
  }
  while (!queue.empty()) {
    const parser::Oid oid = queue.back();
    queue.pop_back();
    auto type = catalog.types.find(oid);
    if (type == catalog.types.end() || !seen.insert(oid).second) continue;
    if (type->second.name == name) return true;
    if (type->second.base != 0) queue.push_back(type->second.base);
    if (type->second.relation != 0) add_columns(type->second.relation);
  }
  return false;
}

std::optional<parser::SqlError> refuse_type_drop(const DropStmt* drop, const Generation& generation) {
  if (drop->behavior != DROP_CASCADE) return std::nullopt;
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
        if (is_held_protected(name, generation)) refuse(name);
      });
      break;
    case OBJECT_TABLE:
    case OBJECT_VIEW:
    case OBJECT_MATVIEW:
    case OBJECT_FOREIGN_TABLE:
      parser::for_each(drop->objects, [&](const Node* name) {
        const std::string_view last = parser::last_string(parser::as<List>(name));
        if (is_held_protected(last, generation)) refuse(last);
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
  if (name.empty() || !is_held_protected(name, generation)) return std::nullopt;
  return refusal(
      "type \"" + std::string(name) + "\" can't be changed through the proxy",
      "Columns of protected tables have it, whose unmasked values would be checked, or columns that decide "
      "about consent.",
      "Let a DBA do it without the proxy.");
}

}  // namespace pgconsent::enforce
