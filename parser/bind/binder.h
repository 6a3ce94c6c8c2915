// The traversal of pass 2. One file per clause: from_items.cc, references_in_expressions.cc, grouping.cc.
#pragma once

#include <algorithm>
#include <string>

#include "parser/bind/scope.h"
#include "parser/tree/walker.h"

namespace pgconsent::parser {

class Binder {
 public:
  Binder(const NameResolver& names, std::span<const BoundRelation> relations, Binding& out)
      : names_(names), relations_(relations), out_(out) {}

  // Binds a query; returns its result columns. `opaque` is set when they are not all known.
  VisibleColumns query(const Node* statement, const Scope* parent, bool& opaque, bool locked = false);

 private:
  // binder.cc
  VisibleColumns select(const SelectStmt* select, const Scope* parent, bool& opaque, bool locked);
  VisibleColumns set_operation(const SelectStmt* select, const Scope* parent, bool& opaque, bool locked);
  VisibleColumns values(const SelectStmt* select, const Scope* parent);
  VisibleColumns simple_select(const SelectStmt* select, const Scope* parent, bool& opaque, bool locked);
  void sort_item(const Node* node, Scope& scope, const VisibleColumns& outputs);
  void group_item(const Node* node, Scope& scope, const VisibleColumns& outputs);
  void tail(const SelectStmt* select, Scope& scope, const VisibleColumns& outputs);
  VisibleColumns target_list(const List* targets, Scope& scope, bool& opaque);
  void with_clause(const WithClause* with, const Scope* parent);
  void common_table(const CommonTableExpr* cte, bool recursive, const Scope* parent);
  void lookups(const Node* qual, Scope& scope);

  // equalities.cc
  void equalities(const Node* qual, const Scope& scope, JoinType type = JOIN_INNER, std::size_t left = 0,
                  std::size_t right = 0);

  // modification.cc
  VisibleColumns modification(const Node* statement, const Scope* parent, bool& opaque);
  void target(const RangeVar* range, const Node* statement, Scope& scope);
  void assignments(const List* list, bool upsert, Scope& scope);
  void arbiter(const Node* node, const FromItem& target);
  void on_conflict(const OnConflictClause* conflict, Scope& scope);

  // from_items.cc
  void from_item(const Node* node, Scope& scope, const SelectStmt* select, bool locked);
  FromItem relation_item(const RangeVar* range, const RangeTableSample* sample, bool locked);
  void add_relation(FromItem item, Scope& scope);
  FromItem common_table_item(const RangeVar* range);
  void join(const JoinExpr* join, Scope& scope, const SelectStmt* select, bool locked);
  void merge_columns(const JoinExpr* join, Scope& scope, std::size_t left, std::size_t right);
  VisibleColumn merged_column(const JoinExpr* join, const VisibleColumn& left,
                              const VisibleColumn& right) const;
  bool returns_one_column(const RangeFunction* function) const;
  bool is_type_of(const TypeName& type, const Column& column) const;
  FromItem function_item(const RangeFunction* function, Scope& scope);

  // expressions.cc
  void expression(const Node* node, Scope& scope);
  void column_reference(const ColumnRef* reference, Scope& scope);
  void whole_row(const FromItem& item, const ColumnRef* reference);
  bool is_target(const FromItem& item) const { return item.entry >= 0 && out_.entries[item.entry].target; }
  void target_reference(const FromItem& item, TargetReference::Kind kind, int column,
                        const ColumnRef* reference, bool uncertain = false);
  void shadowing(const FromItem& item, std::string_view name, const ColumnRef* reference, const Scope& scope);
  VisibleColumn origin(const Node* expression, const Scope& scope) const;
  const FromItem* row_item(const Node* expression, const Scope& scope) const;
  void use(const VisibleColumn& column, const Scope& owner);
  void use_all(const FromItem& item, const Scope& owner);
  int use_named(const FromItem& item, std::string_view name, const Scope& owner);
  void unqualified(std::string_view name, const ColumnRef* reference, Scope& scope);
  void beside_targets(const Scope& scope);
  void system_column(const FromItem& item, std::string_view name);
  const FromItem* find_item(std::string_view schema, std::string_view name, const Scope& scope,
                            const Scope** owner) const;
  bool is_aggregate(const FuncCall* call) const;

  // grouping.cc
  void grouping(const SelectStmt* select, Scope& scope, const VisibleColumns& outputs);

  void problem(std::string text) {
    if (out_.problem.empty()) out_.problem = std::move(text);
  }

  const NameResolver& names_;
  std::span<const BoundRelation> relations_;
  Binding& out_;
  std::vector<CommonTable> common_tables_;
  const ResTarget* unnamed_target_ = nullptr;
  int targets_in_scope_ = 0;  // modifications of replaced targets around
};

void mark_run(VisibleColumns& columns, std::size_t from = 0);
VisibleColumn unknown_columns();
void rename_columns(VisibleColumns& columns, const Alias* alias);

}  // namespace pgconsent::parser
