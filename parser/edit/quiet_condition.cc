#include "parser/edit/quiet_condition.h"

#include <algorithm>
#include <string_view>

#include "parser/tree/walker.h"

namespace pgconsent::parser {

namespace {

bool is_comparison(const A_Expr* expr) {
  static constexpr std::string_view operators[] = {"=", "<>", "<", ">", "<=", ">="};
  return (expr->kind == AEXPR_OP || expr->kind == AEXPR_IN) && list_length(expr->name) == 1 &&
         std::find(std::begin(operators), std::end(operators), last_string(expr->name)) !=
             std::end(operators);
}

// A domain's checks would run at each row: of the types that constants are often cast to, without them.
bool is_plain_type(const TypeName* type) {
  static constexpr std::string_view types[] = {"uuid", "text", "date", "int4", "int8", "timestamptz"};
  if (type->setof || type->pct_type || type->arrayBounds != nullptr) return false;
  if (list_length(type->names) == 2)
    return string_value(static_cast<const Node*>(linitial(type->names))) == "pg_catalog";
  return list_length(type->names) == 1 &&
         std::find(std::begin(types), std::end(types), last_string(type->names)) != std::end(types);
}

}  // namespace

bool is_quiet(const Node* condition) {
  const auto all = [](const List* parts) {
    bool quiet = true;
    for_each(parts, [&](const Node* part) { quiet &= is_quiet(part); });
    return quiet;
  };
  switch (nodeTag(condition)) {
    case T_ColumnRef:
    case T_A_Const:
    case T_ParamRef:
      return true;
    case T_TypeCast: {
      const auto* cast = as<TypeCast>(condition);
      return nodeTag(cast->arg) == T_A_Const && is_plain_type(cast->typeName);
    }
    case T_NullTest:
      return is_quiet(node_of(as<NullTest>(condition)->arg));
    case T_List:
      return all(as<List>(condition));
    case T_BoolExpr:
      return all(as<BoolExpr>(condition)->args);
    case T_A_Expr: {
      const auto* expr = as<A_Expr>(condition);
      return is_comparison(expr) && expr->lexpr != nullptr && is_quiet(expr->lexpr) && is_quiet(expr->rexpr);
    }
    default:
      return false;
  }
}

}  // namespace pgconsent::parser
