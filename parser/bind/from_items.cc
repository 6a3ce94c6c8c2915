#include <span>

#include "parser/bind/binder.h"
#include "parser/bind/column_name.h"
#include "parser/names/type_oids.h"

namespace pgconsent::parser {

namespace {

bool locks(const SelectStmt* select, std::string_view name) {
  if (select == nullptr) return false;
  bool found = false;
  for_each(select->lockingClause, [&](const Node* node) {
    const List* relations = as<LockingClause>(node)->lockedRels;
    if (relations == nullptr) found = true;
    for_each(relations, [&](const Node* range) { found |= as<RangeVar>(range)->relname == name; });
  });
  return found;
}

// A column definition list says it all.
bool defines_columns(const RangeFunction* function) {
  bool all = true;
  for_each(function->functions, [&](const Node* node) { all &= lsecond(as<List>(node)) != nullptr; });
  return all || function->coldeflist != nullptr;
}

std::string_view item_name(const RangeVar* range) {
  return range->alias != nullptr ? range->alias->aliasname : range->relname;
}

}  // namespace

FromItem Binder::common_table_item(const RangeVar* range) {
  FromItem item;
  item.name = item_name(range);
  auto table = std::find_if(common_tables_.rbegin(), common_tables_.rend(),
                            [&](const CommonTable& t) { return t.name == range->relname; });
  if (table == common_tables_.rend()) {
    item.opaque = true;
    item.columns.push_back(unknown_columns());
    rename_columns(item.columns, range->alias);
    return item;
  }
  item.columns = table->columns;
  item.opaque = table->opaque;
  out_.mixes_rows |= table->read;
  table->read = true;
  rename_columns(item.columns, range->alias);
  return item;
}

FromItem Binder::relation_item(const RangeVar* range, const RangeTableSample* sample, bool locked) {
  auto bound = std::find_if(relations_.begin(), relations_.end(),
                            [&](const BoundRelation& r) { return r.range == range; });
  if (bound == relations_.end()) return common_table_item(range);
  FromItem item;
  item.name = item_name(range);
  if (bound->name.temporary != nullptr) {
    for (const std::string& column : bound->name.temporary->columns)
      item.columns.push_back({column, -1, -1, {}});
    rename_columns(item.columns, range->alias);
    return item;
  }
  const Relation* relation = bound->name.relation;
  if (relation == nullptr) {
    item.opaque = true;
    item.columns.push_back(unknown_columns());
    rename_columns(item.columns, range->alias);
    return item;
  }
  if (range->alias == nullptr) item.schema = relation->schema;
  if (bound->replaced) item.entry = static_cast<int>(out_.entries.size());
  item.columns.reserve(relation->columns.size());
  for (std::size_t i = 0; i < relation->columns.size(); ++i) {
    const Column& column = relation->columns[i];
    item.columns.push_back({column.name, item.entry, static_cast<int>(i), {relation->oid, column.attnum}});
  }
  rename_columns(item.columns, range->alias);
  if (bound->replaced) {
    RangeEntry entry;
    entry.range = range;
    entry.sample = sample;
    entry.relation = relation;
    entry.name = item.name;
    entry.locked = locked;
    entry.used.resize(relation->columns.size());
    entry.used_grouped.resize(relation->columns.size());
    if (range->alias != nullptr) {
      for_each(range->alias->colnames,
               [&](const Node* name) { entry.column_aliases.push_back(string_value(name)); });
    }
    out_.entries.push_back(std::move(entry));
  }
  return item;
}

// Two tables of one name from two schemas may stand side by side; two derived tables of one name may not.
void Binder::add_relation(FromItem item, Scope& scope) {
  auto rename = [&](const FromItem& other) {
    if (other.entry < 0 || other.schema.empty()) return;
    RangeEntry& entry = out_.entries[other.entry];
    entry.name = out_.made_names.emplace_back(entry.relation->schema + "." + entry.relation->name);
  };
  for (const FromItem& other : scope.items) {
    if (!other.name_visible || other.name != item.name || other.schema == item.schema) continue;
    rename(other);
    rename(item);
  }
  scope.items.push_back(std::move(item));
}

// PostgreSQL's own functions that return a scalar without a name of its own.
bool Binder::returns_one_column(const RangeFunction* function) const {
  static constexpr std::string_view known[] = {"generate_series",       "generate_subscripts",
                                               "json_object_keys",      "jsonb_object_keys",
                                               "regexp_split_to_table", "string_to_table"};
  if (list_length(function->functions) != 1) return false;
  const Node* call =
      static_cast<const Node*>(linitial(as<List>(static_cast<const Node*>(linitial(function->functions)))));
  if (nodeTag(call) != T_FuncCall) return false;
  const std::string_view name = last_string(as<FuncCall>(call)->funcname);
  const auto& candidates = names_.catalog().functions_named(name);
  return std::find(std::begin(known), std::end(known), name) != std::end(known) && !candidates.empty() &&
         std::all_of(candidates.begin(), candidates.end(),
                     [](const Function* candidate) { return candidate->schema == "pg_catalog"; });
}

FromItem Binder::function_item(const RangeFunction* function, Scope& scope) {
  FromItem item;
  // What others return is not known here.
  item.opaque = !returns_one_column(function) && !defines_columns(function);
  // A function's arguments may use the items before it.
  for_each(function->functions, [&](const Node* node) {
    const List* pair = as<List>(node);
    const Node* call = static_cast<const Node*>(linitial(pair));
    expression(call, scope);
    if (item.name.empty()) item.name = column_name(call);
    const List* definitions = as<List>(static_cast<const Node*>(lsecond(pair)));
    for_each(definitions, [&](const Node* d) {
      item.columns.push_back({as<ColumnDef>(d)->colname, -1, -1, {}});
    });
  });
  for_each(function->coldeflist, [&](const Node* d) {
    item.columns.push_back({as<ColumnDef>(d)->colname, -1, -1, {}});
  });
  if (function->alias != nullptr) item.name = function->alias->aliasname;
  if (item.columns.empty()) item.columns.push_back({item.name, -1, -1, {}});
  if (function->ordinality) item.columns.push_back({"ordinality", -1, -1, {}});
  if (item.opaque) mark_run(item.columns);
  rename_columns(item.columns, function->alias);
  return item;
}

void Binder::from_item(const Node* node, Scope& scope, const SelectStmt* select, bool locked) {
  switch (nodeTag(node)) {
    case T_RangeVar: {
      const auto* range = as<RangeVar>(node);
      add_relation(relation_item(range, nullptr, locked || locks(select, item_name(range))), scope);
      return;
    }
    case T_RangeTableSample: {
      const auto* sample = as<RangeTableSample>(node);
      for_each(sample->args, [&](const Node* arg) { expression(arg, scope); });
      if (sample->repeatable != nullptr) expression(sample->repeatable, scope);
      const auto* range = as<RangeVar>(sample->relation);
      add_relation(relation_item(range, sample, locked || locks(select, item_name(range))), scope);
      return;
    }
    case T_RangeSubselect: {
      const auto* sub = as<RangeSubselect>(node);
      FromItem item;
      if (sub->alias != nullptr) item.name = sub->alias->aliasname;
      // Without LATERAL the items beside it are out of sight.
      item.columns = query(sub->subquery, sub->lateral ? &scope : scope.parent, item.opaque,
                           locked || locks(select, item.name));
      rename_columns(item.columns, sub->alias);
      scope.items.push_back(std::move(item));
      return;
    }
    case T_RangeFunction:
      scope.items.push_back(function_item(as<RangeFunction>(node), scope));
      return;
    case T_RangeTableFunc: {
      const auto* table = as<RangeTableFunc>(node);
      if (!for_each_child(node, [&](const Node* child) { expression(child, scope); })) return;
      FromItem item;
      item.name = table->alias != nullptr ? table->alias->aliasname : "xmltable";
      for_each(table->columns, [&](const Node* c) {
        item.columns.push_back({as<RangeTableFuncCol>(c)->colname, -1, -1, {}});
      });
      rename_columns(item.columns, table->alias);
      scope.items.push_back(std::move(item));
      return;
    }
    case T_JoinExpr:
      join(as<JoinExpr>(node), scope, select, locked);
      return;
    default:
      problem("this kind of FROM item can't be analysed");
      return;
  }
}

void Binder::join(const JoinExpr* join, Scope& scope, const SelectStmt* select, bool locked) {
  const bool lock_all = locked || (join->alias != nullptr && locks(select, join->alias->aliasname));
  out_.outer_joins |= join->jointype != JOIN_INNER;
  const std::size_t left = scope.items.size();
  from_item(join->larg, scope, select, lock_all);
  const std::size_t right = scope.items.size();
  from_item(join->rarg, scope, select, lock_all);
  if (join->isNatural || join->usingClause != nullptr) merge_columns(join, scope, left, right);
  if (join->quals != nullptr) {
    expression(join->quals, scope);
    equalities(join->quals, scope, join->jointype, left, right);
  }
  if (join->join_using_alias != nullptr) {
    FromItem item;
    item.name = join->join_using_alias->aliasname;
    item.columns_visible = false;
    for_each(join->usingClause, [&](const Node* name) {
      if (const VisibleColumn* column = scope.items.back().column(string_value(name)))
        item.columns.push_back(*column);
    });
    scope.items.push_back(std::move(item));
  }
  if (join->alias == nullptr) return;
  if (join->alias->colnames != nullptr) {  // they count from the first column of all
    for (std::size_t i = left; i < scope.items.size(); ++i) use_all(scope.items[i], scope);
  }
  FromItem item;
  item.name = join->alias->aliasname;
  for (std::size_t i = left; i < scope.items.size(); ++i) {
    FromItem& inner = scope.items[i];
    if (inner.columns_visible) {
      item.columns.insert(item.columns.end(), inner.columns.begin(), inner.columns.end());
      item.opaque |= inner.opaque;
    }
    inner.columns_visible = inner.name_visible = false;
  }
  rename_columns(item.columns, join->alias);
  scope.items.push_back(std::move(item));
}

namespace {

// What select_common_type decides for the types that joined columns usually have; 0 where it is not known.
Oid common_type(Oid left, Oid right) {
  static constexpr Oid numbers[] = {smallint_oid, integer_oid, bigint_oid, numeric_oid, real_oid, double_oid};
  static constexpr Oid times[] = {date_oid, timestamp_oid, timestamptz_oid};
  if (left == right) return left;
  auto later = [&](std::span<const Oid> types) -> Oid {
    auto l = std::find(types.begin(), types.end(), left), r = std::find(types.begin(), types.end(), right);
    return l == types.end() || r == types.end() ? 0 : *std::max(l, r);
  };
  if (Oid found = later(numbers); found != 0) return found;
  if (Oid found = later(times); found != 0) return found;
  auto is_string = [](Oid type) { return type == text_oid || type == varchar_oid || type == bpchar_oid; };
  if (!is_string(left) || !is_string(right)) return 0;
  return left == text_oid || right == text_oid ? text_oid : left;
}

}  // namespace

// The merged column is the left one, the right one in a RIGHT JOIN, an expression in a FULL JOIN or where it
// is cast to the other's type; of an inner join's sides the one that needs no cast.
VisibleColumn Binder::merged_column(const JoinExpr* join, const VisibleColumn& left,
                                    const VisibleColumn& right) const {
  auto definition = [&](const VisibleColumn& column) -> const Column* {
    const Relation* relation = names_.catalog().relation(column.origin.table);
    return relation == nullptr ? nullptr : relation->column(column.origin.attnum);
  };
  const VisibleColumn none{left.name, -1, -1, {}};
  const Column* l = definition(left);
  const Column* r = definition(right);
  if (join->jointype == JOIN_FULL) return none;
  if (l == nullptr || r == nullptr) return join->jointype == JOIN_RIGHT ? right : left;
  const Oid type = common_type(l->type, r->type);
  const std::int32_t typmod = l->type == r->type && l->typmod == r->typmod ? l->typmod : -1;
  auto is_cast = [&](const Column& column) { return column.type != type || column.typmod != typmod; };
  if (join->jointype == JOIN_INNER && is_cast(*l)) return is_cast(*r) ? none : right;
  const bool from_right = join->jointype == JOIN_RIGHT;
  return is_cast(from_right ? *r : *l) ? none : from_right ? right : left;
}

// USING and NATURAL: one item with the merged columns first, then what is left of both sides.
void Binder::merge_columns(const JoinExpr* join, Scope& scope, std::size_t left, std::size_t right) {
  auto side = [&](std::size_t from, std::size_t to) {
    VisibleColumns columns;
    for (std::size_t i = from; i < to; ++i) {
      if (!scope.items[i].columns_visible) continue;
      columns.insert(columns.end(), scope.items[i].columns.begin(), scope.items[i].columns.end());
    }
    return columns;
  };
  VisibleColumns left_columns = side(left, right), right_columns = side(right, scope.items.size());
  auto find = [](const VisibleColumns& columns, std::string_view name) {
    return std::find_if(columns.begin(), columns.end(),
                        [&](const VisibleColumn& c) { return c.name == name; });
  };
  FromItem merged;
  merged.name_visible = false;
  std::vector<std::string_view> names;
  if (join->isNatural) {
    out_.natural_join = true;
    for (std::size_t i = left; i < scope.items.size(); ++i) {
      if (!scope.items[i].opaque) continue;  // columns that are not known here may be joined by
      for (std::size_t k = left; k < scope.items.size(); ++k) use_all(scope.items[k], scope);
    }
    for (const VisibleColumn& column : left_columns) {
      if (find(right_columns, column.name) != right_columns.end()) names.push_back(column.name);
    }
  } else {
    for_each(join->usingClause, [&](const Node* name) { names.push_back(string_value(name)); });
  }
  bool run_is_merged = join->isNatural;
  for (std::string_view name : names) {
    auto l = find(left_columns, name);
    auto r = find(right_columns, name);
    // All of that name: two on one side are the server's error.
    for (const VisibleColumns& columns : {left_columns, right_columns}) {
      for (const VisibleColumn& each : columns) {
        if (each.name != name) continue;
        use(each, scope);
        run_is_merged |= each.in_run;
      }
    }
    VisibleColumn column{name, -1, -1, {}};
    if (l != left_columns.end() && r != right_columns.end()) column = merged_column(join, *l, *r);
    merged.columns.push_back(column);
  }
  for (const VisibleColumns& columns : {left_columns, right_columns}) {
    for (const VisibleColumn& column : columns) {
      if (std::find(names.begin(), names.end(), column.name) == names.end()) merged.columns.push_back(column);
    }
  }
  for (std::size_t i = left; i < scope.items.size(); ++i) {
    merged.opaque |= scope.items[i].columns_visible && scope.items[i].opaque;
    scope.items[i].columns_visible = false;
  }
  if (merged.opaque && run_is_merged) mark_run(merged.columns);
  scope.items.push_back(std::move(merged));
}

}  // namespace pgconsent::parser
