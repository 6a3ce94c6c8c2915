// ALTER DOMAIN and ALTER TYPE check or rewrite the unmasked values of every table that uses the type, and an
// error says which value failed. With DROP … CASCADE the columns go, too. Where consent is told by an enum,
// other names for its values would give it. Code on unmasked rows finds types by name, and casts and
// operators without one.
#include <algorithm>

#include "parser/tree/walker.h"
#include "proxy/enforce/held_types.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

bool is_text_search(ObjectType type) {
  return type == OBJECT_TSCONFIGURATION || type == OBJECT_TSDICTIONARY || type == OBJECT_TSPARSER ||
         type == OBJECT_TSTEMPLATE;
}

parser::SqlError is_used_by_code(std::string_view name) {
  return refusal("\"" + std::string(name) + "\" can't be changed through the proxy",
                 "Consent, a condition of the rules, or code that PostgreSQL runs on the rows of a protected "
                 "table or that the rules trust may use it by this name.",
                 "Let a DBA do it without the proxy.");
}

// What it is to be called, or where it lies, is asked of types, collations and text search by their names.
std::optional<parser::SqlError> refuse_name_change(ObjectType type, std::string_view name,
                                                   const Generation& generation) {
  const parser::FunctionReach& functions = generation.functions();
  const bool named = type == OBJECT_TYPE || type == OBJECT_DOMAIN || type == OBJECT_COLLATION;
  if ((named && functions.row_code_names(name)) || (is_text_search(type) && functions.row_code_searches()))
    return is_used_by_code(name);
  return std::nullopt;
}

std::string_view name_of(const Node* object) {
  return parser::last_string(nodeTag(object) == T_TypeName ? parser::as<TypeName>(object)->names
                                                           : parser::as<List>(object));
}

std::optional<parser::SqlError> refuse_cast(const TypeName* source, const TypeName* target,
                                            const Generation& generation) {
  const HeldTypes held(generation);
  for (const TypeName* type : {source, target}) {
    const std::string_view name = parser::last_string(type->names);
    if (held.has(name))
      return refusal(
          "casts of type \"" + std::string(name) + "\" can't be changed through the proxy",
          "Columns of protected tables have it, or columns that decide about consent: what is asked "
          "of them would mean something else.",
          "Let a DBA do it without the proxy.");
  }
  return std::nullopt;
}

std::optional<parser::SqlError> refuse_type_drop(const DropStmt* drop, const Generation& generation) {
  const bool cascade = drop->behavior == DROP_CASCADE;
  const std::optional<HeldTypes> held = cascade ? std::optional<HeldTypes>(generation) : std::nullopt;
  std::optional<parser::SqlError> error;
  const auto refuse = [&](std::string_view name) {
    error = refusal("\"" + std::string(name) + "\" can't be dropped with all that uses it through the proxy",
                    "Columns of protected tables may.", "Leave out CASCADE, or let a DBA do it.");
  };
  parser::for_each(drop->objects, [&](const Node* object) {
    switch (drop->removeType) {
      case OBJECT_CAST: {
        const List* types = parser::as<List>(object);
        auto refused = refuse_cast(linitial_node(TypeName, types), lsecond_node(TypeName, types), generation);
        if (refused) error = std::move(refused);
        break;
      }
      case OBJECT_EXTENSION:
        if (cascade) refuse(parser::string_value(object));
        break;
      case OBJECT_SCHEMA: {
        const std::string schema(parser::string_value(object));
        if (cascade && (held->uses_schema(schema) || holds_row_functions(schema, generation))) refuse(schema);
        break;
      }
      case OBJECT_TYPE:
      case OBJECT_DOMAIN:
      case OBJECT_COLLATION:
      case OBJECT_TSCONFIGURATION:
      case OBJECT_TSDICTIONARY:
      case OBJECT_TSPARSER:
      case OBJECT_TSTEMPLATE:
        if (auto refused = refuse_name_change(drop->removeType, name_of(object), generation))
          error = std::move(refused);
        if (cascade && (drop->removeType == OBJECT_COLLATION || held->has(name_of(object))))
          refuse(name_of(object));
        break;
      case OBJECT_TABLE:
      case OBJECT_VIEW:
      case OBJECT_MATVIEW:
      case OBJECT_FOREIGN_TABLE:
        if (cascade && held->has(name_of(object))) refuse(name_of(object));
        break;
      default:
        break;
    }
  });
  return error;
}

// Of an enum the labels are compared with: in masked columns, in those that conditions read, by code.
bool decides_by(std::string_view type, const Generation& generation) {
  const parser::Snapshot& catalog = generation.catalog();
  const auto counts = [&](const parser::Relation& relation, const parser::Column& column) {
    const rules::ProtectedRelation* rules = generation.policy().relation(relation.oid);
    const rules::ProtectedColumn* rule = rules == nullptr ? nullptr : rules->column(column.attnum);
    return generation.functions().is_read_for_rows(relation.oid) ||
           generation.conditions().reads(relation.oid, column.attnum) ||
           (rules != nullptr && (rule == nullptr || !rule->is_public));
  };
  const auto holds = [&](const parser::Column& column) {
    const auto types = catalog.type_and_bases(column.type);
    return std::any_of(types.begin(), types.end(),
                       [&](const parser::Type* each) { return each->name == type; });
  };
  const auto is_constant = [&](const auto& each) {
    return each.second.name == type && generation.functions().is_row_constant(each.first);
  };
  return generation.functions().row_code_names(type) ||
         std::any_of(catalog.types.begin(), catalog.types.end(), is_constant) ||
         std::any_of(catalog.relations.begin(), catalog.relations.end(), [&](const auto& each) {
           const auto& columns = each.second.columns;
           return std::any_of(columns.begin(), columns.end(), [&](const parser::Column& column) {
             return holds(column) && counts(each.second, column);
           });
         });
}

std::optional<parser::SqlError> refuse_operator(const Node* statement) {
  bool changes = nodeTag(statement) == T_AlterOperatorStmt;
  if (nodeTag(statement) == T_DefineStmt)
    changes = parser::as<DefineStmt>(statement)->kind == OBJECT_OPERATOR;
  if (nodeTag(statement) == T_DropStmt)
    changes = parser::as<DropStmt>(statement)->removeType == OBJECT_OPERATOR;
  if (nodeTag(statement) == T_AlterObjectSchemaStmt)
    changes = parser::as<AlterObjectSchemaStmt>(statement)->objectType == OBJECT_OPERATOR;
  if (!changes) return std::nullopt;
  return refusal(
      "operators can't be made or changed through the proxy",
      "Code on unmasked rows finds them by their signs, or without any (IN, LIKE, IS DISTINCT FROM).",
      "Let a DBA do it without the proxy.");
}

}  // namespace

bool holds_row_functions(std::string_view schema, const Generation& generation) {
  const auto& functions = generation.catalog().functions;
  return std::any_of(functions.begin(), functions.end(), [&](const auto& each) {
    return each.second.schema == schema && generation.functions().runs_on_rows(each.second.name);
  });
}

std::optional<parser::SqlError> refuse_type_change(const Node* statement, const Generation& generation) {
  if (auto error = refuse_operator(statement)) return error;
  std::string_view name;
  switch (nodeTag(statement)) {
    case T_DefineStmt: {
      const auto* define = parser::as<DefineStmt>(statement);
      if (!is_text_search(define->kind)) return std::nullopt;
      return refuse_name_change(define->kind, parser::last_string(define->defnames), generation);
    }
    case T_DropStmt:
      return refuse_type_drop(parser::as<DropStmt>(statement), generation);
    case T_CreateCastStmt: {
      const auto* cast = parser::as<CreateCastStmt>(statement);
      return refuse_cast(cast->sourcetype, cast->targettype, generation);
    }
    case T_RenameStmt: {
      const auto* rename = parser::as<RenameStmt>(statement);
      const bool attribute = rename->renameType == OBJECT_ATTRIBUTE;
      const bool by_list = rename->object != nullptr && nodeTag(rename->object) == T_List;
      if (!attribute && !by_list) return std::nullopt;
      if (!attribute) return refuse_name_change(rename->renameType, name_of(rename->object), generation);
      name = rename->relation->relname;
      break;
    }
    case T_AlterObjectSchemaStmt: {
      const auto* moved = parser::as<AlterObjectSchemaStmt>(statement);
      if (moved->object == nullptr || nodeTag(moved->object) != T_List) return std::nullopt;
      return refuse_name_change(moved->objectType, name_of(moved->object), generation);
    }
    case T_AlterTSConfigurationStmt:
      return refuse_name_change(OBJECT_TSCONFIGURATION,
                                parser::last_string(parser::as<AlterTSConfigurationStmt>(statement)->cfgname),
                                generation);
    case T_AlterTSDictionaryStmt:
      return refuse_name_change(OBJECT_TSDICTIONARY,
                                parser::last_string(parser::as<AlterTSDictionaryStmt>(statement)->dictname),
                                generation);
    case T_AlterDomainStmt: {
      const auto* alter = parser::as<AlterDomainStmt>(statement);
      const bool checks = alter->subtype == 'C' || alter->subtype == 'V' || alter->subtype == 'O' ||
                          alter->subtype == 'T';  // SET DEFAULT: what is not said may be consent
      if (checks) name = parser::last_string(alter->typeName);
      break;
    }
    case T_AlterEnumStmt: {
      const auto* alter = parser::as<AlterEnumStmt>(statement);
      const std::string_view type = parser::last_string(alter->typeName);
      if (alter->oldVal != nullptr && decides_by(type, generation)) return is_used_by_code(type);
      return std::nullopt;
    }
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
