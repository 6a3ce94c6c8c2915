// Triggers, defaults, checks and policies of protected tables see unmasked rows, and look names up when they
// run: who may define a function or an operator that they call is handed these rows.
#include "parser/tree/walker.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

using parser::SqlError;

bool is_routine(ObjectType type) {
  return type == OBJECT_FUNCTION || type == OBJECT_PROCEDURE || type == OBJECT_ROUTINE ||
         type == OBJECT_AGGREGATE;
}

SqlError runs_on_rows(std::string_view name) {
  return refusal("\"" + std::string(name) + "\" can't be defined or changed through the proxy",
                 "Code that PostgreSQL runs on the rows of a protected table may call it by this name.",
                 "Choose another name, or let a DBA do it without the proxy.");
}

}  // namespace

std::optional<SqlError> refuse_row_code(const parser::StatementFacts& facts, const Generation& generation) {
  const parser::FunctionReach& functions = generation.functions();
  std::string_view function, op;
  switch (nodeTag(facts.statement)) {
    case T_CreateFunctionStmt:
      function = parser::last_string(parser::as<CreateFunctionStmt>(facts.statement)->funcname);
      break;
    case T_AlterFunctionStmt:
      function = parser::last_string(parser::as<AlterFunctionStmt>(facts.statement)->func->objname);
      break;
    case T_RenameStmt:
      if (is_routine(parser::as<RenameStmt>(facts.statement)->renameType))
        function = parser::as<RenameStmt>(facts.statement)->newname;
      break;
    case T_AlterObjectSchemaStmt: {
      const auto* moved = parser::as<AlterObjectSchemaStmt>(facts.statement);
      if (is_routine(moved->objectType))
        function = parser::last_string(parser::as<ObjectWithArgs>(moved->object)->objname);
      if (moved->objectType == OBJECT_OPERATOR)
        op = parser::last_string(parser::as<ObjectWithArgs>(moved->object)->objname);
      break;
    }
    case T_DefineStmt: {
      const auto* define = parser::as<DefineStmt>(facts.statement);
      if (define->kind == OBJECT_AGGREGATE) function = parser::last_string(define->defnames);
      if (define->kind == OBJECT_OPERATOR) op = parser::last_string(define->defnames);
      break;
    }
    default:
      break;
  }
  if (!function.empty() && functions.runs_on_rows(function)) return runs_on_rows(function);
  if (!op.empty() && functions.operator_runs_on_rows(op)) return runs_on_rows(op);
  return std::nullopt;
}

}  // namespace pgconsent::enforce
