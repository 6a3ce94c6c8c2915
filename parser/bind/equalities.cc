// Conjuncts `a.x = b.y`: columns that are equal in each row, wherever both have one.
#include "parser/bind/binder.h"
#include "parser/bind/column_name.h"

namespace pgconsent::parser {

namespace {

bool is_equality(const A_Expr* expr) {
  if (expr->kind != AEXPR_OP || expr->lexpr == nullptr || last_string(expr->name) != "=") return false;
  return list_length(expr->name) == 1 ||
         string_value(node_of(linitial_node(String, expr->name))) == "pg_catalog";
}

bool has(const std::vector<FromItem>& items, std::size_t from, std::size_t to, const VisibleColumn& column) {
  for (std::size_t i = from; i < to; ++i) {
    for (const VisibleColumn& each : items[i].columns) {
      if (each.entry == column.entry && each.column == column.column) return true;
    }
  }
  return false;
}

}  // namespace

// `left`, `right`: where the items of a join's sides begin; equal for a WHERE. A row of the side that an
// outer join keeps may have no other half: then only that half's column is known by it.
void Binder::equalities(const Node* qual, const Scope& scope, JoinType type, std::size_t left,
                        std::size_t right) {
  if (nodeTag(qual) == T_BoolExpr && as<BoolExpr>(qual)->boolop == AND_EXPR) {
    for_each(as<BoolExpr>(qual)->args, [&](const Node* arg) { equalities(arg, scope, type, left, right); });
    return;
  }
  if (nodeTag(qual) != T_A_Expr || !is_equality(as<A_Expr>(qual))) return;
  const Node* operands[] = {as<A_Expr>(qual)->lexpr, as<A_Expr>(qual)->rexpr};
  if (nodeTag(operands[0]) != T_ColumnRef || nodeTag(operands[1]) != T_ColumnRef) return;
  const VisibleColumn x = origin(operands[0], scope), y = origin(operands[1], scope);
  if (x.entry < 0 || y.entry < 0 || x.entry == y.entry) return;
  const auto add = [&](const VisibleColumn& known, const VisibleColumn& other) {
    const bool kept = type == JOIN_LEFT    ? has(scope.items, left, right, known)
                      : type == JOIN_RIGHT ? has(scope.items, right, scope.items.size(), known)
                                           : type == JOIN_INNER;
    if (kept) out_.equalities.push_back({known.entry, known.column, other.entry, other.column});
  };
  add(x, y);
  add(y, x);
}

}  // namespace pgconsent::parser
