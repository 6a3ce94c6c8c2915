#include "parser/bind/binder.h"

#include <algorithm>
#include <utility>

#include "parser/bind/column_name.h"

namespace pgconsent::parser {

// Which of them is which is not known.
void mark_run(VisibleColumns& columns, std::size_t from) {
  for (std::size_t i = from; i < columns.size(); ++i) columns[i].in_run = true;
}

VisibleColumn unknown_columns() {
  VisibleColumn column;
  column.in_run = true;
  return column;
}

void rename_columns(VisibleColumns& columns, const Alias* alias) {
  if (alias == nullptr) return;
  auto run = std::find_if(columns.begin(), columns.end(), [](const VisibleColumn& c) { return c.in_run; });
  if (list_length(alias->colnames) > run - columns.begin()) mark_run(columns, run - columns.begin());
  const bool ends_in_run = !columns.empty() && columns.back().in_run;
  std::size_t i = 0;
  for_each(alias->colnames, [&](const Node* name) {
    if (i == columns.size())  // a function's columns: known by their aliases only
      columns.emplace_back().in_run = ends_in_run;
    columns[i++].name = string_value(name);
  });
}

VisibleColumns Binder::query(const Node* statement, const Scope* parent, bool& opaque, bool locked) {
  if (nodeTag(statement) == T_SelectStmt) return select(as<SelectStmt>(statement), parent, opaque, locked);
  return modification(statement, parent, opaque);
}

VisibleColumns Binder::select(const SelectStmt* select, const Scope* parent, bool& opaque, bool locked) {
  const std::size_t outer = common_tables_.size();
  with_clause(select->withClause, parent);
  VisibleColumns columns;
  if (select->op != SETOP_NONE) {
    columns = set_operation(select, parent, opaque, locked);
  } else if (select->valuesLists != nullptr) {
    columns = values(select, parent);
  } else {
    columns = simple_select(select, parent, opaque, locked);
  }
  common_tables_.resize(outer);
  return columns;
}

// Result columns of a set operation have their first arm's names and no origin.
VisibleColumns Binder::set_operation(const SelectStmt* top, const Scope* parent, bool& opaque, bool locked) {
  std::vector<const SelectStmt*> chain{top};
  while (chain.back()->larg->op != SETOP_NONE && chain.back()->larg->withClause == nullptr) {
    chain.push_back(chain.back()->larg);
  }
  VisibleColumns columns = select(chain.back()->larg, parent, opaque, locked);
  for (VisibleColumn& column : columns) column = {column.name, -1, -1, {}, column.in_run};
  for (auto arm = chain.rbegin(); arm != chain.rend(); ++arm) {
    bool ignored = false;
    select((*arm)->rarg, parent, ignored, locked);
    Scope scope(parent);
    FromItem item;
    item.columns = columns;
    item.name_visible = false;
    scope.items.push_back(std::move(item));
    tail(*arm, scope, columns);
  }
  return columns;
}

VisibleColumns Binder::values(const SelectStmt* select, const Scope* parent) {
  Scope scope(parent);
  VisibleColumns columns;
  const Node* first = static_cast<const Node*>(linitial(select->valuesLists));
  for (int i = 0; i < list_length(as<List>(first)); ++i) {
    columns.push_back({out_.made_names.emplace_back("column" + std::to_string(i + 1)), -1, -1, {}});
  }
  for_each(select->valuesLists, [&](const Node* row) { expression(row, scope); });
  tail(select, scope, columns);
  return columns;
}

VisibleColumns Binder::simple_select(const SelectStmt* select, const Scope* parent, bool& opaque,
                                     bool locked) {
  Scope scope(parent);
  for_each(select->fromClause, [&](const Node* item) { from_item(item, scope, select, locked); });
  if (select->whereClause != nullptr) {
    expression(select->whereClause, scope);
    lookups(select->whereClause, scope);
    equalities(select->whereClause, scope);
  }
  scope.after_grouping = select->groupClause != nullptr;
  VisibleColumns columns = target_list(select->targetList, scope, opaque);
  for_each(select->distinctClause, [&](const Node* node) {
    if (node != nullptr) sort_item(node, scope, columns);
  });
  if (select->havingClause != nullptr) expression(select->havingClause, scope);
  for_each(select->windowClause, [&](const Node* node) { expression(node, scope); });
  tail(select, scope, columns);
  scope.after_grouping = false;
  for_each(select->groupClause, [&](const Node* node) { group_item(node, scope, columns); });
  grouping(select, scope, columns);
  return columns;
}

// A result column's name stands for it where it is the whole item; elsewhere it is an input's.
void Binder::sort_item(const Node* node, Scope& scope, const VisibleColumns& outputs) {
  const Node* item = nodeTag(node) == T_SortBy ? as<SortBy>(node)->node : node;
  const bool bare = nodeTag(item) == T_ColumnRef && list_length(as<ColumnRef>(item)->fields) == 1;
  if (bare) scope.outputs = &outputs;
  expression(node, scope);
  scope.outputs = nullptr;
}

void Binder::group_item(const Node* node, Scope& scope, const VisibleColumns& outputs) {
  const bool row = nodeTag(node) == T_RowExpr && as<RowExpr>(node)->row_format == COERCE_IMPLICIT_CAST;
  if (nodeTag(node) != T_GroupingSet && !row) return sort_item(node, scope, outputs);
  out_.mixes_rows |= !row;
  for_each(row ? as<RowExpr>(node)->args : as<GroupingSet>(node)->content,
           [&](const Node* item) { group_item(item, scope, outputs); });
}

void Binder::tail(const SelectStmt* select, Scope& scope, const VisibleColumns& outputs) {
  for_each(select->sortClause, [&](const Node* node) { sort_item(node, scope, outputs); });
  if (select->limitOffset != nullptr) expression(select->limitOffset, scope);
  if (select->limitCount != nullptr) expression(select->limitCount, scope);
}

VisibleColumns Binder::target_list(const List* targets, Scope& scope, bool& opaque) {
  VisibleColumns columns;
  auto append = [&](const FromItem& item, const Scope& owner) {
    use_all(item, owner);
    if (item.entry >= 0) out_.entries[item.entry].starred = true;
    for (const VisibleColumn& column : item.columns) {
      if (column.entry >= 0) out_.entries[column.entry].starred = true;
      columns.push_back(column);
    }
    opaque |= item.opaque;
  };
  for_each(targets, [&](const Node* node) {
    const auto* target = as<ResTarget>(node);
    const auto* reference = nodeTag(target->val) == T_ColumnRef ? as<ColumnRef>(target->val) : nullptr;
    const bool star = reference != nullptr && nodeTag(llast(reference->fields)) == T_A_Star;
    if (star && reference->fields->length == 1) {
      StarReference expanded{reference, {}};
      for (const FromItem& item : scope.items) {
        if (!item.columns_visible) continue;
        append(item, scope);
        expanded.items.push_back({item.name_visible ? item.name : std::string_view(), item.entry});
      }
      out_.stars.push_back(std::move(expanded));
      return;
    }
    if (star) {
      const List* fields = reference->fields;
      const Scope* owner = nullptr;
      const FromItem* item = find_item(
          fields->length > 2 ? string_value(node_of(list_nth_node(String, fields, fields->length - 3))) : "",
          string_value(node_of(list_nth_node(String, fields, fields->length - 2))), scope, &owner);
      if (item == nullptr) {
        opaque = true;
        columns.push_back(unknown_columns());
        return;
      }
      if (fields->length > 2 && item->entry >= 0) out_.qualified.push_back({item->entry, reference});
      append(*item, *owner);
      out_.stars.push_back({reference, {{item->name, item->entry}}});
      return;
    }
    bool expanded = false;  // (expression).*: as many columns as its type has
    if (nodeTag(target->val) == T_A_Indirection) {
      const auto* steps = as<A_Indirection>(target->val);
      expanded = nodeTag(llast(steps->indirection)) == T_A_Star;
      const VisibleColumn row = expanded ? origin(steps->arg, scope) : VisibleColumn{};
      const Relation* relation =
          row.origin.attnum == 0 ? names_.catalog().relation(row.origin.table) : nullptr;
      if (const FromItem* item = expanded ? row_item(steps->arg, scope) : nullptr;
          relation == nullptr && item != nullptr && steps->indirection->length == 1) {
        columns.insert(columns.end(), item->columns.begin(), item->columns.end());
        opaque |= item->opaque;
        expression(target->val, scope);
        return;
      }
      if (expanded && (relation == nullptr || steps->indirection->length != 1)) {
        opaque = true;
      } else if (expanded) {
        for (const Column& c : relation->columns)
          columns.push_back({c.name, -1, -1, {relation->oid, c.attnum}});
        const std::size_t before = out_.whole_rows.size();
        expression(target->val, scope);
        for (std::size_t i = before; i < out_.whole_rows.size(); ++i) {
          if (node_of(out_.whole_rows[i].reference) == steps->arg) out_.whole_rows[i].expanded = true;
        }
        return;
      }
    }
    VisibleColumn column = origin(target->val, scope);
    column.name = column_name(target);
    if (column.in_run) column.origin = {};
    column.in_run = expanded;
    columns.push_back(column);
    const ResTarget* outer = unnamed_target_;
    unnamed_target_ = target->name == nullptr && !expanded ? target : nullptr;
    expression(target->val, scope);
    unnamed_target_ = outer;
  });
  return columns;
}

namespace {

void collect_reads(const Node* node, std::vector<std::string_view>& out) {
  if (nodeTag(node) == T_RangeVar && as<RangeVar>(node)->schemaname == nullptr)
    out.push_back(as<RangeVar>(node)->relname);
  for_each_child(node, [&](const Node* child) { collect_reads(child, out); });
}

void sort_by_reads(std::vector<const CommonTableExpr*>& tables) {
  struct Table {
    const CommonTableExpr* cte;
    std::vector<std::string_view> reads;
  };
  std::vector<Table> left;
  for (const CommonTableExpr* cte : tables)
    collect_reads(cte->ctequery, left.emplace_back(Table{cte, {}}).reads);
  tables.clear();
  auto is_next = [&](const Table& table) {
    return std::none_of(left.begin(), left.end(), [&](const Table& other) {
      return other.cte != table.cte && std::find(table.reads.begin(), table.reads.end(),
                                                 std::string_view(other.cte->ctename)) != table.reads.end();
    });
  };
  while (!left.empty()) {
    auto next = std::find_if(left.begin(), left.end(), is_next);
    if (next == left.end()) next = left.begin();  // around in a circle: the server's error
    tables.push_back(next->cte);
    left.erase(next);
  }
}

}  // namespace

void Binder::with_clause(const WithClause* with, const Scope* parent) {
  if (with == nullptr) return;
  std::vector<const CommonTableExpr*> left;
  for_each(with->ctes, [&](const Node* cte) { left.push_back(as<CommonTableExpr>(cte)); });
  // With RECURSIVE one may read from those behind it: these come first. (Sorting more is not worth the time.)
  if (with->recursive && left.size() > 1 && left.size() <= 200) sort_by_reads(left);
  for (const CommonTableExpr* cte : left) common_table(cte, with->recursive, parent);
}

void Binder::common_table(const CommonTableExpr* cte, bool recursive, const Scope* parent) {
  CommonTable table;
  table.name = cte->ctename;
  Alias aliases{};
  aliases.colnames = cte->aliascolnames;
  const auto* body = nodeTag(cte->ctequery) == T_SelectStmt ? as<SelectStmt>(cte->ctequery) : nullptr;
  if (recursive && body != nullptr && body->op != SETOP_NONE && body->withClause == nullptr) {
    // The recursive arm sees the columns that the first one gives.
    VisibleColumns first = select(body->larg, parent, table.opaque, false);
    for (VisibleColumn& column : first) column = {column.name, -1, -1, {}, column.in_run};
    rename_columns(first, &aliases);
    table.columns = std::move(first);
    if (cte->search_clause != nullptr)
      table.columns.push_back({cte->search_clause->search_seq_column, -1, -1, {}});
    if (cte->cycle_clause != nullptr) {
      table.columns.push_back({cte->cycle_clause->cycle_mark_column, -1, -1, {}});
      table.columns.push_back({cte->cycle_clause->cycle_path_column, -1, -1, {}});
    }
    common_tables_.push_back(table);
    bool ignored = false;
    select(body->rarg, parent, ignored, false);
    Scope scope(parent);
    tail(body, scope, table.columns);
    return;
  }
  const std::size_t outer = common_tables_.size();
  if (recursive) common_tables_.push_back({table.name, {unknown_columns()}, true});
  table.columns = query(cte->ctequery, parent, table.opaque);
  common_tables_.resize(outer);
  rename_columns(table.columns, &aliases);
  common_tables_.push_back(std::move(table));
}

namespace {

bool is_value(const Node* node) {
  if (nodeTag(node) == T_TypeCast) return is_value(as<TypeCast>(node)->arg);
  return nodeTag(node) == T_A_Const || nodeTag(node) == T_ParamRef;
}

// One, or the list of an IN; a longer one is read as before.
bool are_values(const Node* node) {
  constexpr int limit = 100;
  if (nodeTag(node) != T_List) return is_value(node);
  bool all = list_length(as<List>(node)) <= limit;
  for_each(as<List>(node), [&](const Node* each) { all = all && is_value(each); });
  return all;
}

bool is_plain_equality(const A_Expr* expr) {
  const bool known = expr->kind == AEXPR_OP || expr->kind == AEXPR_IN || expr->kind == AEXPR_OP_ANY;
  if (!known || expr->lexpr == nullptr || last_string(expr->name) != "=") return false;
  return list_length(expr->name) == 1 ||
         string_value(node_of(linitial_node(String, expr->name))) == "pg_catalog";
}

}  // namespace

// Conjuncts `column = value` and the like of a WHERE: what an index could serve.
void Binder::lookups(const Node* qual, Scope& scope) {
  if (nodeTag(qual) == T_BoolExpr && as<BoolExpr>(qual)->boolop == AND_EXPR) {
    for_each(as<BoolExpr>(qual)->args, [&](const Node* arg) { lookups(arg, scope); });
    return;
  }
  if (nodeTag(qual) != T_A_Expr || !is_plain_equality(as<A_Expr>(qual))) return;
  const auto kind = as<A_Expr>(qual)->kind;
  const Node* left = as<A_Expr>(qual)->lexpr;
  const Node* right = as<A_Expr>(qual)->rexpr;
  if (kind == AEXPR_OP && is_value(left)) std::swap(left, right);
  if (nodeTag(right) == T_List && list_length(as<List>(right)) == 1)
    right = static_cast<const Node*>(linitial(as<List>(right)));
  if (nodeTag(left) != T_ColumnRef || !are_values(right)) return;
  const List* fields = as<ColumnRef>(left)->fields;
  if (fields->length > 2) return;
  // Only a relation of this very FROM clause: below a subquery, a CTE or a join's alias it would filter too
  // early.
  const FromItem* owner = nullptr;
  const VisibleColumn* found = nullptr;
  for (const FromItem& item : scope.items) {
    const bool visible =
        fields->length == 1
            ? item.columns_visible
            : item.name_visible && item.name == string_value(static_cast<const Node*>(linitial(fields)));
    const VisibleColumn* column = visible ? item.column(last_string(fields)) : nullptr;
    if (column == nullptr) continue;
    if (found != nullptr) return;
    owner = &item;
    found = column;
  }
  if (found != nullptr && found->entry >= 0 && found->entry == owner->entry) {
    out_.entries[found->entry].lookups.push_back({found->column, right, kind == AEXPR_OP_ANY});
  }
}

namespace {

// c.id = 5 AND o.customer_id = c.id: both columns have one value.
void pin(Binding& out) {
  const auto add = [](RangeEntry& entry, int column) {
    if (std::find(entry.pinned.begin(), entry.pinned.end(), column) != entry.pinned.end()) return false;
    entry.pinned.push_back(column);
    return true;
  };
  for (RangeEntry& entry : out.entries) {
    for (const EqualityLookup& lookup : entry.lookups) {
      if (lookup.is_one()) add(entry, lookup.column);
    }
  }
  for (bool grown = true; grown;) {
    grown = false;
    for (const ColumnEquality& each : out.equalities) {
      const std::vector<int>& known = out.entries[each.known].pinned;
      if (std::find(known.begin(), known.end(), each.known_column) != known.end())
        grown |= add(out.entries[each.other], each.other_column);
    }
  }
}

}  // namespace

Binding bind_statement(const Node* statement, const NameResolver& names,
                       std::span<const BoundRelation> relations) {
  Binding out;
  Binder binder(names, relations, out);
  bool opaque = false;
  const VisibleColumns columns = binder.query(statement, nullptr, opaque);
  for (const VisibleColumn& column : columns) {
    out.results.push_back(column.in_run ? ResultColumn{} : column.origin);
    out.result_entries.push_back(column.entry);
  }
  out.results_known = !opaque;
  pin(out);
  auto in_run = [](const VisibleColumn& column) { return column.in_run; };
  auto first = std::find_if(columns.begin(), columns.end(), in_run);
  auto last = std::find_if(columns.rbegin(), columns.rend(), in_run);
  if (out.results_known || first == columns.end()) return out;
  out.results_before_run = first - columns.begin();
  out.results_after_run = last - columns.rbegin();
  return out;
}

}  // namespace pgconsent::parser
