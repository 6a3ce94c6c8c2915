// The children of a raw parse tree node, for every node kind that may occur in SELECT, VALUES, INSERT,
// UPDATE, DELETE and MERGE. A kind that is not listed is not walked into silently: for_each_child says so,
// and the caller refuses.
#pragma once

#include "parser/tree/server_nodes.h"

namespace pgconsent::parser {

template <class T>
const T* as(const Node* node) {
  return reinterpret_cast<const T*>(node);
}
template <class T>
const Node* node_of(const T* node) {
  return reinterpret_cast<const Node*>(node);
}

// A String node's text, or an empty view.
inline std::string_view string_value(const Node* node) {
  return node != nullptr && nodeTag(node) == T_String ? std::string_view(as<String>(node)->sval)
                                                      : std::string_view();
}

template <class F>
void for_each(const List* list, F&& f) {
  if (list == nullptr) return;
  for (int i = 0; i < list->length; ++i) f(static_cast<const Node*>(list->elements[i].ptr_value));
}

inline std::string_view last_string(const List* list) {
  if (list == nullptr || list->length == 0) return {};
  return string_value(static_cast<const Node*>(list->elements[list->length - 1].ptr_value));
}

// a.b.c: b; empty where the name is not qualified.
inline std::string_view schema_string(const List* name) {
  if (name == nullptr || name->length < 2) return {};
  return string_value(static_cast<const Node*>(name->elements[name->length - 2].ptr_value));
}

// Calls f(child) for each child that is not null. False: the node's kind is unknown here.
template <class F>
bool for_each_child(const Node* node, F&& f) {
  auto one = [&](const auto* child) {
    if (child != nullptr) f(node_of(child));
  };
  auto all = [&](const List* list) {
    for_each(list, [&](const Node* child) {
      if (child != nullptr) f(child);
    });
  };
  switch (nodeTag(node)) {
    case T_List:
      all(as<List>(node));
      return true;
    // Leaves.
    case T_Integer:
    case T_Float:
    case T_Boolean:
    case T_String:
    case T_BitString:
    case T_A_Const:
    case T_A_Star:
    case T_ParamRef:
    case T_ColumnRef:
    case T_SQLValueFunction:
    case T_SetToDefault:
    case T_CurrentOfExpr:
    case T_Alias:
    case T_RangeVar:
    case T_LockingClause:
    case T_CTESearchClause:
      return true;
    // Expressions.
    case T_A_Expr:
      one(as<A_Expr>(node)->lexpr);
      one(as<A_Expr>(node)->rexpr);
      return true;
    case T_TypeCast:
      one(as<TypeCast>(node)->arg);
      one(as<TypeCast>(node)->typeName);
      return true;
    case T_TypeName:
      all(as<TypeName>(node)->typmods);
      return true;
    case T_CollateClause:
      one(as<CollateClause>(node)->arg);
      return true;
    case T_FuncCall: {
      const auto* call = as<FuncCall>(node);
      all(call->args);
      all(call->agg_order);
      one(call->agg_filter);
      one(call->over);
      return true;
    }
    case T_A_Indices:
      one(as<A_Indices>(node)->lidx);
      one(as<A_Indices>(node)->uidx);
      return true;
    case T_A_Indirection:
      one(as<A_Indirection>(node)->arg);
      all(as<A_Indirection>(node)->indirection);
      return true;
    case T_A_ArrayExpr:
      all(as<A_ArrayExpr>(node)->elements);
      return true;
    case T_MultiAssignRef:
      // SET (a, b) = source: one reference per column, all to the same source.
      if (as<MultiAssignRef>(node)->colno == 1) one(as<MultiAssignRef>(node)->source);
      return true;
    case T_SubLink:
      one(as<SubLink>(node)->testexpr);
      one(as<SubLink>(node)->subselect);
      return true;
    case T_CaseExpr:
      one(as<CaseExpr>(node)->arg);
      all(as<CaseExpr>(node)->args);
      one(as<CaseExpr>(node)->defresult);
      return true;
    case T_CaseWhen:
      one(as<CaseWhen>(node)->expr);
      one(as<CaseWhen>(node)->result);
      return true;
    case T_CoalesceExpr:
      all(as<CoalesceExpr>(node)->args);
      return true;
    case T_MinMaxExpr:
      all(as<MinMaxExpr>(node)->args);
      return true;
    case T_NullTest:
      one(as<NullTest>(node)->arg);
      return true;
    case T_BooleanTest:
      one(as<BooleanTest>(node)->arg);
      return true;
    case T_BoolExpr:
      all(as<BoolExpr>(node)->args);
      return true;
    case T_RowExpr:
      all(as<RowExpr>(node)->args);
      return true;
    case T_NamedArgExpr:
      one(as<NamedArgExpr>(node)->arg);
      return true;
    case T_GroupingFunc:
      all(as<GroupingFunc>(node)->args);
      return true;
    case T_XmlExpr:
      all(as<XmlExpr>(node)->named_args);
      all(as<XmlExpr>(node)->args);
      return true;
    case T_XmlSerialize:
      one(as<XmlSerialize>(node)->expr);
      one(as<XmlSerialize>(node)->typeName);
      return true;
    // Clauses.
    case T_ResTarget:
      all(as<ResTarget>(node)->indirection);
      one(as<ResTarget>(node)->val);
      return true;
    case T_SortBy:
      one(as<SortBy>(node)->node);
      return true;
    case T_GroupingSet:
      all(as<GroupingSet>(node)->content);
      return true;
    case T_WindowDef: {
      const auto* window = as<WindowDef>(node);
      all(window->partitionClause);
      all(window->orderClause);
      one(window->startOffset);
      one(window->endOffset);
      return true;
    }
    case T_WithClause:
      all(as<WithClause>(node)->ctes);
      return true;
    case T_CommonTableExpr:
      one(as<CommonTableExpr>(node)->ctequery);
      one(as<CommonTableExpr>(node)->cycle_clause);
      return true;
    case T_CTECycleClause:
      one(as<CTECycleClause>(node)->cycle_mark_value);
      one(as<CTECycleClause>(node)->cycle_mark_default);
      return true;
    case T_IntoClause:
      one(as<IntoClause>(node)->rel);
      return true;
    // FROM items.
    case T_RangeSubselect:
      one(as<RangeSubselect>(node)->subquery);
      return true;
    case T_RangeFunction:
      all(as<RangeFunction>(node)->functions);
      all(as<RangeFunction>(node)->coldeflist);
      return true;
    case T_RangeTableSample:
      one(as<RangeTableSample>(node)->relation);
      all(as<RangeTableSample>(node)->args);
      one(as<RangeTableSample>(node)->repeatable);
      return true;
    case T_RangeTableFunc: {
      const auto* table = as<RangeTableFunc>(node);
      one(table->docexpr);
      one(table->rowexpr);
      all(table->namespaces);
      all(table->columns);
      return true;
    }
    case T_RangeTableFuncCol:
      one(as<RangeTableFuncCol>(node)->typeName);
      one(as<RangeTableFuncCol>(node)->colexpr);
      one(as<RangeTableFuncCol>(node)->coldefexpr);
      return true;
    case T_ColumnDef:
      one(as<ColumnDef>(node)->typeName);
      return true;
    case T_JoinExpr:
      one(as<JoinExpr>(node)->larg);
      one(as<JoinExpr>(node)->rarg);
      one(as<JoinExpr>(node)->quals);
      return true;
    // Statements.
    case T_SelectStmt: {
      const auto* select = as<SelectStmt>(node);
      one(select->withClause);
      all(select->distinctClause);
      one(select->intoClause);
      all(select->targetList);
      all(select->fromClause);
      one(select->whereClause);
      all(select->groupClause);
      one(select->havingClause);
      all(select->windowClause);
      all(select->valuesLists);
      all(select->sortClause);
      one(select->limitOffset);
      one(select->limitCount);
      all(select->lockingClause);
      one(select->larg);
      one(select->rarg);
      return true;
    }
    case T_InsertStmt: {
      const auto* insert = as<InsertStmt>(node);
      one(insert->withClause);
      one(insert->relation);
      all(insert->cols);
      one(insert->selectStmt);
      one(insert->onConflictClause);
      all(insert->returningList);
      return true;
    }
    case T_OnConflictClause: {
      const auto* conflict = as<OnConflictClause>(node);
      one(conflict->infer);
      all(conflict->targetList);
      one(conflict->whereClause);
      return true;
    }
    case T_InferClause:
      all(as<InferClause>(node)->indexElems);
      one(as<InferClause>(node)->whereClause);
      return true;
    case T_IndexElem:
      one(as<IndexElem>(node)->expr);
      return true;
    case T_UpdateStmt: {
      const auto* update = as<UpdateStmt>(node);
      one(update->withClause);
      one(update->relation);
      all(update->targetList);
      all(update->fromClause);
      one(update->whereClause);
      all(update->returningList);
      return true;
    }
    case T_DeleteStmt: {
      const auto* remove = as<DeleteStmt>(node);
      one(remove->withClause);
      one(remove->relation);
      all(remove->usingClause);
      one(remove->whereClause);
      all(remove->returningList);
      return true;
    }
    case T_MergeStmt: {
      const auto* merge = as<MergeStmt>(node);
      one(merge->withClause);
      one(merge->relation);
      one(merge->sourceRelation);
      one(merge->joinCondition);
      all(merge->mergeWhenClauses);
      return true;
    }
    case T_MergeWhenClause: {
      const auto* when = as<MergeWhenClause>(node);
      one(when->condition);
      all(when->targetList);
      all(when->values);
      return true;
    }
    default:
      return false;
  }
}

}  // namespace pgconsent::parser
