// Triggers, defaults, checks and policies of protected tables see unmasked rows, and look names up when they
// run: who may define a function or an operator that they call is handed these rows.
#include <algorithm>
#include <string>
#include <utility>

#include "parser/tree/walker.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

using parser::SqlError;

// `what` may not be done because of what such code `does`.
SqlError meant_by_code(std::string what, const char* does, const char* hint) {
  return refusal(
      std::move(what),
      std::string("Code that PostgreSQL runs on the rows of a protected table, or that the rules trust, ") +
          does,
      hint);
}

constexpr const char* ask_a_dba = "Choose another name, or let a DBA do it without the proxy.";

SqlError runs_on_rows(std::string_view name) {
  return meant_by_code("\"" + std::string(name) + "\" can't be defined or changed through the proxy",
                       "may call it by this name.", ask_a_dba);
}

SqlError named_for_rows(std::string_view name) {
  return meant_by_code(
      "\"" + std::string(name) + "\" can't be made or named so through the proxy",
      "names a relation or a type so.",
      "Choose another name; for a relation, let a DBA write the schema's name in that code.");
}

SqlError looked_into(std::string_view schema) {
  return meant_by_code(
      "schema \"" + std::string(schema) + "\" can't be made or named so through the proxy",
      "writes this name before a point: what is made there could be taken for what it means.", ask_a_dba);
}

SqlError holds_trusted(std::string_view schema) {
  return refusal("schema \"" + std::string(schema) + "\" can't be the new name through the proxy",
                 "The rules trust functions there that do not exist: others would be taken for them.",
                 "Choose another name, or let a DBA take these functions out of the rules.");
}

// The relation that a statement makes, or a part of CREATE SCHEMA.
std::string_view made_relation(const Node* statement) {
  switch (nodeTag(statement)) {
    case T_CreateStmt:
      return parser::as<CreateStmt>(statement)->relation->relname;
    case T_CreateForeignTableStmt:
      return parser::as<CreateForeignTableStmt>(statement)->base.relation->relname;
    case T_ViewStmt:
      return parser::as<ViewStmt>(statement)->view->relname;
    default:
      return {};
  }
}

// Tables and the like have types of their names, too.
bool names_type(ObjectType type) {
  return type == OBJECT_TABLE || type == OBJECT_VIEW || type == OBJECT_MATVIEW ||
         type == OBJECT_FOREIGN_TABLE || type == OBJECT_TYPE || type == OBJECT_DOMAIN;
}

bool is_named_by_rules(std::string_view routine, const Generation& generation) {
  const rules::Policy& policy = generation.policy();
  const auto& named = generation.catalog().functions_named(routine);
  return std::any_of(named.begin(), named.end(), [&](const parser::Function* function) {
    return policy.trusted_functions.contains(function->oid) ||
           policy.refused_functions.contains(function->oid);
  });
}

std::optional<SqlError> refuse_drop(const DropStmt* drop, const Generation& generation) {
  const parser::FunctionReach& functions = generation.functions();
  const bool routine = is_routine(drop->removeType);
  if (!routine) return std::nullopt;
  std::optional<SqlError> error;
  parser::for_each(drop->objects, [&](const Node* object) {
    const std::string_view name = parser::last_string(parser::as<ObjectWithArgs>(object)->objname);
    if (functions.runs_on_rows(name)) error = runs_on_rows(name);
    if (is_named_by_rules(name, generation))
      error = refusal("\"" + std::string(name) + "\" is named by the rules and can't be dropped", {},
                      "Let a DBA do it, who takes it out of the rules first.");
  });
  return error;
}

}  // namespace

bool is_routine(ObjectType type) {
  return type == OBJECT_FUNCTION || type == OBJECT_PROCEDURE || type == OBJECT_ROUTINE ||
         type == OBJECT_AGGREGATE;
}

bool renames_relation(const RenameStmt* rename) {
  const ObjectType type = rename->renameType;
  const bool part = type == OBJECT_COLUMN || type == OBJECT_ATTRIBUTE || type == OBJECT_TABCONSTRAINT ||
                    type == OBJECT_TRIGGER || type == OBJECT_RULE || type == OBJECT_POLICY;
  return rename->relation != nullptr && !part;
}

std::optional<SqlError> refuse_row_relation(std::string_view name, const Generation& generation) {
  if (!generation.functions().names_for_rows(name)) return std::nullopt;
  return named_for_rows(name);
}

std::optional<SqlError> refuse_row_code(const parser::StatementFacts& facts, const Generation& generation) {
  const parser::FunctionReach& functions = generation.functions();
  std::string_view function, type, schema, relation = made_relation(facts.statement);
  switch (nodeTag(facts.statement)) {
    case T_CreateFunctionStmt:
      function = parser::last_string(parser::as<CreateFunctionStmt>(facts.statement)->funcname);
      break;
    case T_AlterFunctionStmt:
      function = parser::last_string(parser::as<AlterFunctionStmt>(facts.statement)->func->objname);
      break;
    case T_RenameStmt:
      if (is_routine(parser::as<RenameStmt>(facts.statement)->renameType)) {
        const auto* rename = parser::as<RenameStmt>(facts.statement);
        function = parser::last_string(parser::as<ObjectWithArgs>(rename->object)->objname);
        if (!functions.runs_on_rows(function)) function = rename->newname;
      }
      if (parser::as<RenameStmt>(facts.statement)->renameType == OBJECT_SCHEMA)
        schema = parser::as<RenameStmt>(facts.statement)->newname;
      if (renames_relation(parser::as<RenameStmt>(facts.statement)) ||
          names_type(parser::as<RenameStmt>(facts.statement)->renameType))
        relation = parser::as<RenameStmt>(facts.statement)->newname;
      break;
    case T_AlterObjectSchemaStmt: {
      const auto* moved = parser::as<AlterObjectSchemaStmt>(facts.statement);
      if (is_routine(moved->objectType))
        function = parser::last_string(parser::as<ObjectWithArgs>(moved->object)->objname);
      if (names_type(moved->objectType))
        relation = moved->relation != nullptr ? std::string_view(moved->relation->relname)
                                              : parser::last_string(parser::as<List>(moved->object));
      break;
    }
    case T_AlterOwnerStmt:
      if (is_routine(parser::as<AlterOwnerStmt>(facts.statement)->objectType)) {
        const Node* object = parser::as<AlterOwnerStmt>(facts.statement)->object;
        function = parser::last_string(parser::as<ObjectWithArgs>(object)->objname);
      }
      break;
    case T_DropStmt:
      return refuse_drop(parser::as<DropStmt>(facts.statement), generation);
    case T_CreateDomainStmt:
      type = parser::last_string(parser::as<CreateDomainStmt>(facts.statement)->domainname);
      break;
    case T_CreateEnumStmt:
      type = parser::last_string(parser::as<CreateEnumStmt>(facts.statement)->typeName);
      break;
    case T_CreateRangeStmt: {
      const auto* range = parser::as<CreateRangeStmt>(facts.statement);
      type = parser::last_string(range->typeName);
      parser::for_each(range->params, [&](const Node* node) {
        const auto* option = parser::as<DefElem>(node);
        if (option->defname != std::string_view("multirange_type_name") || option->arg == nullptr) return;
        const std::string_view other = nodeTag(option->arg) == T_TypeName
                                           ? parser::last_string(parser::as<TypeName>(option->arg)->names)
                                           : parser::string_value(option->arg);
        if (functions.row_code_names(other)) type = other;
      });
      break;
    }
    case T_CreateSeqStmt:
      relation = parser::as<CreateSeqStmt>(facts.statement)->sequence->relname;
      break;
    case T_CompositeTypeStmt:
      type = parser::as<CompositeTypeStmt>(facts.statement)->typevar->relname;
      break;
    case T_DefineStmt: {
      const auto* define = parser::as<DefineStmt>(facts.statement);
      if (define->kind == OBJECT_TYPE || define->kind == OBJECT_COLLATION)
        type = parser::last_string(define->defnames);
      if (define->kind == OBJECT_AGGREGATE) function = parser::last_string(define->defnames);
      break;
    }
    default:
      break;
  }
  // Also one that the rules name and that is not there: it would be trusted.
  const bool named = generation.policy().missing_functions.contains(function);
  if (!function.empty() && (named || functions.runs_on_rows(function))) return runs_on_rows(function);
  if (generation.policy().missing_function_schemas.contains(schema)) return holds_trusted(schema);
  if (nodeTag(facts.statement) == T_CreateSchemaStmt) {
    const auto* create = parser::as<CreateSchemaStmt>(facts.statement);
    if (create->authrole != nullptr && create->authrole->rolename != nullptr)
      schema = create->authrole->rolename;
    if (create->schemaname != nullptr) schema = create->schemaname;
  }
  if (functions.row_code_looks_into(schema)) return looked_into(schema);
  if (nodeTag(facts.statement) == T_CreateSchemaStmt) {
    std::optional<SqlError> error;
    parser::for_each(parser::as<CreateSchemaStmt>(facts.statement)->schemaElts, [&](const Node* part) {
      if (!error) error = refuse_row_relation(made_relation(part), generation);
    });
    return error;
  }
  if (!relation.empty()) return refuse_row_relation(relation, generation);
  // What is called with one argument may be a cast.
  if (!type.empty() && (functions.row_code_names(type) || functions.runs_on_rows(type)))
    return named_for_rows(type);
  return std::nullopt;
}

}  // namespace pgconsent::enforce
