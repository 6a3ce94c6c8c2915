// INSERT, UPDATE, DELETE and MERGE: the target stays where it is, so each reference to it is written down.
#include "parser/bind/binder.h"

namespace pgconsent::parser {

// The target comes first in the name space of the statement, and is out of sight of FROM, USING and a
// MERGE's source.
void Binder::target(const RangeVar* range, const Node* statement, Scope& scope) {
  FromItem item = relation_item(range, nullptr, false);
  if (item.entry >= 0) {
    out_.entries[item.entry].target = true;
    out_.modifications.push_back({item.entry, statement, {}});
    ++targets_in_scope_;
    // The server would say so, but the target is sent under another name.
    for (const FromItem& other : scope.items) {
      const bool two_tables = !other.schema.empty() && !item.schema.empty() && other.schema != item.schema;
      if (other.name_visible && other.name == item.name && !two_tables)
        problem("table name \"" + std::string(item.name) + "\" specified more than once");
    }
  }
  scope.items.insert(scope.items.begin(), std::move(item));
}

void Binder::assignments(const List* list, bool upsert, Scope& scope) {
  const FromItem& item = scope.items.front();
  if (is_target(item)) {
    AssignmentList update;
    update.upsert = upsert;
    for_each(list, [&](const Node* node) {
      const auto* assigned = as<ResTarget>(node);
      const VisibleColumn* column = item.column(assigned->name);
      update.assignments.push_back({assigned, column == nullptr ? -1 : column->column});
      if (column != nullptr) return;
      out_.names_unknown = true;
      beside_targets(scope);
    });
    auto own = std::find_if(out_.modifications.begin(), out_.modifications.end(),
                            [&](const Modification& m) { return m.entry == item.entry; });
    own->updates.push_back(std::move(update));
  }
  for_each(list, [&](const Node* node) { expression(node, scope); });
}

// Only the target is in its scope: no table name is needed, and the target has another one.
void Binder::arbiter(const Node* node, const FromItem& target) {
  if (node == nullptr) return;
  if (nodeTag(node) != T_ColumnRef) {
    for_each_child(node, [&](const Node* child) { arbiter(child, target); });
    return;
  }
  const auto* reference = as<ColumnRef>(node);
  const int count = list_length(reference->fields);
  if (count < 2 || last_string(reference->fields).empty()) return;
  if (string_value(static_cast<const Node*>(list_nth(reference->fields, count - 2))) != target.name) return;
  TargetReference found;
  found.entry = target.entry;
  found.kind = TargetReference::Kind::arbiter;
  found.reference = reference;
  out_.target_references.push_back(found);
}

void Binder::on_conflict(const OnConflictClause* conflict, Scope& scope) {
  // The arbiter must stay what the index says, and shows nothing.
  if (conflict->infer != nullptr && is_target(scope.items.front())) {
    for_each(conflict->infer->indexElems,
             [&](const Node* node) { arbiter(as<IndexElem>(node)->expr, scope.items.front()); });
    arbiter(conflict->infer->whereClause, scope.items.front());
  }
  if (conflict->action != ONCONFLICT_UPDATE) return;  // DO NOTHING changes no row, and shows none
  FromItem excluded = scope.items.front();
  if (is_target(excluded) && excluded.name == "excluded")
    problem("table reference \"excluded\" is ambiguous");
  excluded.name = "excluded";
  excluded.schema = {};
  excluded.entry = -1;
  for (VisibleColumn& column : excluded.columns) column.entry = column.column = -1;
  scope.items.push_back(std::move(excluded));
  assignments(conflict->targetList, true, scope);
  if (conflict->whereClause != nullptr) expression(conflict->whereClause, scope);
  scope.items.pop_back();
}

VisibleColumns Binder::modification(const Node* statement, const Scope* parent, bool& opaque) {
  const std::size_t outer = common_tables_.size();
  const int targets = targets_in_scope_;
  Scope scope(parent);
  const List* returning = nullptr;
  auto where = [&](const Node* qual) {
    if (qual == nullptr) return;
    expression(qual, scope);
    lookups(qual, scope);
    equalities(qual, scope);
  };
  switch (nodeTag(statement)) {
    case T_InsertStmt: {
      const auto* insert = as<InsertStmt>(statement);
      with_clause(insert->withClause, parent);
      bool ignored = false;
      if (insert->selectStmt != nullptr) query(node_of(insert->selectStmt), parent, ignored);
      target(insert->relation, statement, scope);
      for_each(insert->cols, [&](const Node* column) { expression(column, scope); });
      if (insert->onConflictClause != nullptr) on_conflict(insert->onConflictClause, scope);
      returning = insert->returningList;
      break;
    }
    case T_UpdateStmt: {
      const auto* update = as<UpdateStmt>(statement);
      with_clause(update->withClause, parent);
      for_each(update->fromClause, [&](const Node* item) { from_item(item, scope, nullptr, false); });
      target(update->relation, statement, scope);
      assignments(update->targetList, false, scope);
      where(update->whereClause);
      returning = update->returningList;
      break;
    }
    case T_DeleteStmt: {
      const auto* remove = as<DeleteStmt>(statement);
      with_clause(remove->withClause, parent);
      for_each(remove->usingClause, [&](const Node* item) { from_item(item, scope, nullptr, false); });
      target(remove->relation, statement, scope);
      where(remove->whereClause);
      returning = remove->returningList;
      break;
    }
    case T_MergeStmt: {
      const auto* merge = as<MergeStmt>(statement);
      with_clause(merge->withClause, parent);
      from_item(merge->sourceRelation, scope, nullptr, false);
      target(merge->relation, statement, scope);
      expression(merge->joinCondition, scope);
      for_each(merge->mergeWhenClauses, [&](const Node* node) {
        const auto* when = as<MergeWhenClause>(node);
        if (when->condition != nullptr) expression(when->condition, scope);
        if (when->commandType == CMD_UPDATE) {
          assignments(when->targetList, false, scope);
        } else {
          for_each(when->targetList, [&](const Node* column) { expression(column, scope); });
        }
        for_each(when->values, [&](const Node* value) {
          if (value != nullptr) expression(value, scope);
        });
      });
      break;
    }
    default:
      problem("this kind of statement can't be analysed");
      break;
  }
  VisibleColumns columns = target_list(returning, scope, opaque);
  targets_in_scope_ = targets;
  common_tables_.resize(outer);
  return columns;
}

}  // namespace pgconsent::parser
