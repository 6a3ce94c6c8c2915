#include "proxy/enforce/view_shape.h"

#include <algorithm>

#include "parser/tree/walker.h"

namespace pgconsent::enforce {

using parser::as;

void Words::add(const Node* node) {
  switch (nodeTag(node)) {
    case T_ColumnRef: {
      const List* fields = as<ColumnRef>(node)->fields;
      whole_row |= nodeTag(llast(fields)) == T_A_Star;
      parser::for_each(fields, [&](const Node* field) { names.insert(parser::string_value(field)); });
      return;
    }
    case T_JoinExpr:
      parser::for_each(as<JoinExpr>(node)->usingClause,
                       [&](const Node* name) { names.insert(parser::string_value(name)); });
      alias(as<JoinExpr>(node)->alias);
      break;
    case T_RangeVar:
      alias(as<RangeVar>(node)->alias);
      break;
    case T_RangeSubselect:
      alias(as<RangeSubselect>(node)->alias);
      break;
    case T_RangeFunction:
      alias(as<RangeFunction>(node)->alias);
      break;
    case T_CommonTableExpr:
      renamed |= as<CommonTableExpr>(node)->aliascolnames != nullptr;
      break;
    default:
      break;
  }
  parser::for_each_child(node, [&](const Node* child) { add(child); });
}

bool named_column(const Node* value, std::string_view only_item, NamedColumn& out) {
  if (nodeTag(value) != T_ColumnRef) return false;
  const List* fields = as<ColumnRef>(value)->fields;
  if (fields->length > 2 || (fields->length == 1 && only_item.empty())) return false;
  out.item =
      fields->length == 1 ? only_item : parser::string_value(static_cast<const Node*>(linitial(fields)));
  out.name = parser::last_string(fields);
  return true;
}

std::string_view item_name(const RangeVar* range) {
  return range->alias != nullptr ? range->alias->aliasname : range->relname;
}

namespace {

bool holds(const Node* item, const RangeVar* range) {
  if (nodeTag(item) == T_RangeTableSample) item = as<RangeTableSample>(item)->relation;
  if (nodeTag(item) == T_RangeVar) return as<RangeVar>(item) == range;
  if (nodeTag(item) != T_JoinExpr || as<JoinExpr>(item)->alias != nullptr) return false;
  return holds(as<JoinExpr>(item)->larg, range) || holds(as<JoinExpr>(item)->rarg, range);
}

class Collector {
 public:
  explicit Collector(Equalities& out) : out_(out) {}

  // The names of the relations in the item.
  std::vector<std::string_view> item(const Node* node) {
    if (nodeTag(node) == T_RangeVar) return {item_name(as<RangeVar>(node))};
    if (nodeTag(node) != T_JoinExpr) return {};
    const auto* join = as<JoinExpr>(node);
    std::vector<std::string_view> left = item(join->larg), right = item(join->rarg);
    const auto in = [](const std::vector<std::string_view>& names, const NamedColumn& column) {
      return std::find(names.begin(), names.end(), column.item) != names.end();
    };
    // Of an outer join's two sides the one that is made up of NULLs is present only where the condition held.
    qual(join->quals, [&](const NamedColumn& from, const NamedColumn& to) {
      const bool across = (in(left, from) && in(right, to)) || (in(right, from) && in(left, to));
      switch (join->jointype) {
        case JOIN_INNER:
          return across;
        case JOIN_LEFT:
          return across && in(right, from);
        case JOIN_RIGHT:
          return across && in(left, from);
        default:
          return false;
      }
    });
    left.insert(left.end(), right.begin(), right.end());
    return left;
  }

  template <class Holds>
  void qual(const Node* node, Holds&& holds) {
    if (node == nullptr) return;
    if (nodeTag(node) == T_BoolExpr && as<BoolExpr>(node)->boolop == AND_EXPR) {
      parser::for_each(as<BoolExpr>(node)->args, [&](const Node* arg) { qual(arg, holds); });
      return;
    }
    if (nodeTag(node) != T_A_Expr) return;
    // The definition was printed without a search path: a bare operator is PostgreSQL's own.
    const auto* expr = as<A_Expr>(node);
    NamedColumn left, right;
    if (expr->kind != AEXPR_OP || list_length(expr->name) != 1 || parser::last_string(expr->name) != "=" ||
        expr->lexpr == nullptr || !named_column(expr->lexpr, {}, left) ||
        !named_column(expr->rexpr, {}, right)) {
      return;
    }
    if (holds(left, right)) out_.emplace_back(left, right);
    if (holds(right, left)) out_.emplace_back(right, left);
  }

 private:
  Equalities& out_;
};

}  // namespace

bool is_from_item(const SelectStmt* select, const RangeVar* range) {
  bool found = false;
  parser::for_each(select->fromClause, [&](const Node* item) { found |= holds(item, range); });
  return found;
}

Equalities equalities(const SelectStmt* select) {
  Equalities out;
  Collector collector(out);
  parser::for_each(select->fromClause, [&](const Node* item) { collector.item(item); });
  collector.qual(select->whereClause, [](const NamedColumn&, const NamedColumn&) { return true; });
  return out;
}

}  // namespace pgconsent::enforce
