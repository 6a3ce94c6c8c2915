#include "parser/edit/quiet_condition.h"

#include <algorithm>
#include <string_view>

#include "parser/tree/walker.h"

namespace pgconsent::parser {

namespace {

// A domain's checks would run at each row: of the types that constants are often cast to, without them.
bool is_plain_type(const TypeName* type) {
  static constexpr std::string_view types[] = {"uuid", "text", "date", "int4", "int8", "timestamptz"};
  if (type->setof || type->pct_type || type->arrayBounds != nullptr) return false;
  if (list_length(type->names) == 2)
    return string_value(static_cast<const Node*>(linitial(type->names))) == "pg_catalog";
  return list_length(type->names) == 1 &&
         std::find(std::begin(types), std::end(types), last_string(type->names)) != std::end(types);
}

class Quiet {
 public:
  Quiet(const RangeEntry& target, std::span<const std::string_view> operators)
      : target_(target), operators_(operators) {}

  bool holds(const Node* condition) const {
    switch (nodeTag(condition)) {
      case T_ColumnRef:
        return is_column(as<ColumnRef>(condition)->fields);
      case T_A_Const:
      case T_ParamRef:
        return true;
      case T_TypeCast: {
        const auto* cast = as<TypeCast>(condition);
        return nodeTag(cast->arg) == T_A_Const && is_plain_type(cast->typeName);
      }
      case T_NullTest:
        return holds(node_of(as<NullTest>(condition)->arg));
      case T_List:
        return all(as<List>(condition));
      case T_BoolExpr:
        return all(as<BoolExpr>(condition)->args);
      case T_A_Expr: {
        const auto* expr = as<A_Expr>(condition);
        return is_comparison(expr) && expr->lexpr != nullptr && holds(expr->lexpr) && holds(expr->rexpr);
      }
      default:
        return false;
    }
  }

 private:
  bool all(const List* parts) const {
    bool quiet = true;
    for_each(parts, [&](const Node* part) { quiet &= holds(part); });
    return quiet;
  }

  // Not d.f, which may be f(d).
  bool is_column(const List* fields) const {
    const auto* last = static_cast<const Node*>(llast(fields));
    if (nodeTag(last) != T_String || fields->length > 2) return false;
    if (fields->length == 2 && string_value(static_cast<const Node*>(linitial(fields))) != target_.name)
      return false;
    const Column* column = target_.relation->column(string_value(last));
    // Of other types somebody's cast may make what an operator takes.
    return column != nullptr && (column->type < first_user_oid || column->type_category == 'E');
  }

  bool is_comparison(const A_Expr* expr) const {
    return (expr->kind == AEXPR_OP || expr->kind == AEXPR_IN) && list_length(expr->name) == 1 &&
           std::find(operators_.begin(), operators_.end(), last_string(expr->name)) != operators_.end();
  }

  const RangeEntry& target_;
  const std::span<const std::string_view> operators_;
};

}  // namespace

bool is_quiet(const Node* condition, const RangeEntry& target, std::span<const std::string_view> operators) {
  return Quiet(target, operators).holds(condition);
}

}  // namespace pgconsent::parser
