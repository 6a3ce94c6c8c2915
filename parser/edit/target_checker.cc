#include "parser/edit/target_checker.h"

#include <algorithm>

#include "parser/bind/column_name.h"
#include "parser/tree/walker.h"

namespace pgconsent::parser {

TargetChecker::TargetChecker(const Relation& relation, const RangeVar& range,
                             const std::function<bool(int)>& is_generated, const IsMasked& is_masked)
    : relation_(relation),
      name_(range.alias != nullptr ? range.alias->aliasname : range.relname),
      is_generated_(is_generated),
      is_masked_(is_masked) {}

// The clauses that see the target: not WITH, FROM, USING, a MERGE's source, an INSERT's query; and not the
// arbiter of ON CONFLICT, which shows nothing and must stay as the index has it.
bool TargetChecker::passes(const Node* statement) {
  switch (nodeTag(statement)) {
    case T_InsertStmt: {
      const auto* insert = as<InsertStmt>(statement);
      if (const OnConflictClause* conflict = insert->onConflictClause) {
        list(conflict->targetList);
        expression(conflict->whereClause);
      }
      returning(insert->returningList);
      break;
    }
    case T_UpdateStmt:
      list(as<UpdateStmt>(statement)->targetList);
      expression(as<UpdateStmt>(statement)->whereClause);
      returning(as<UpdateStmt>(statement)->returningList);
      break;
    case T_DeleteStmt:
      expression(as<DeleteStmt>(statement)->whereClause);
      returning(as<DeleteStmt>(statement)->returningList);
      break;
    case T_MergeStmt:
      expression(as<MergeStmt>(statement)->joinCondition);
      list(as<MergeStmt>(statement)->mergeWhenClauses);
      break;
    default:
      return false;
  }
  return passes_;
}

void TargetChecker::list(const List* nodes) {
  for_each(nodes, [&](const Node* node) { expression(node); });
}

void TargetChecker::returning(const List* targets) {
  for_each(targets, [&](const Node* node) {
    const Node* value = as<ResTarget>(node)->val;
    const auto* column = nodeTag(value) == T_ColumnRef ? as<ColumnRef>(value) : nullptr;
    const bool star =
        column != nullptr && list_length(column->fields) == 1 && nodeTag(llast(column->fields)) == T_A_Star;
    if (star && !is_generated_(column->location)) passes_ = false;
    expression(node);
  });
}

void TargetChecker::expression(const Node* node) {
  if (node == nullptr || !passes_) return;
  if (nodeTag(node) == T_ColumnRef) return reference(as<ColumnRef>(node));
  if (nodeTag(node) == T_SelectStmt) return select(as<SelectStmt>(node));
  if (!for_each_child(node, [&](const Node* child) { expression(child); })) passes_ = false;
}

// A bare name in ORDER BY or DISTINCT ON means a result column first, in GROUP BY after the query's own FROM.
void TargetChecker::select(const SelectStmt* select) {
  const SelectStmt* named = select;
  while (named->op != SETOP_NONE) named = named->larg;
  auto is_output = [&](const Node* node) {
    if (nodeTag(node) == T_SortBy) node = as<SortBy>(node)->node;
    if (nodeTag(node) != T_ColumnRef || list_length(as<ColumnRef>(node)->fields) != 1) return false;
    bool found = false;
    for_each(named->targetList, [&](const Node* target) {
      found |= column_name(as<ResTarget>(target)) == last_string(as<ColumnRef>(node)->fields);
    });
    return found;
  };
  auto names_output = [&](const Node* child) {
    bool item = nodeTag(child) == T_SortBy;
    for (const List* items : {select->groupClause, select->distinctClause})
      for_each(items, [&](const Node* each) { item |= each == child; });
    return item && is_output(child);
  };
  for_each_child(node_of(select), [&](const Node* child) {
    if (!names_output(child)) expression(child);
  });
}

void TargetChecker::reference(const ColumnRef* reference) {
  if (is_generated_(reference->location)) return;
  const List* fields = reference->fields;
  const auto name = [&](int index) {
    return string_value(static_cast<const Node*>(list_nth(fields, index)));
  };
  for (int i = 0; i + 1 < fields->length; ++i) {
    if (name(i) == name_) passes_ = false;
  }
  if (fields->length > 1) return;
  const std::string_view only = name(0);
  if (only == name_) passes_ = false;  // the whole row
  if (relation_.column(only) == nullptr) return;
  if (!is_masked_ || is_masked_(relation_, only)) passes_ = false;
}

}  // namespace pgconsent::parser
