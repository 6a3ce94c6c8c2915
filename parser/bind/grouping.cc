#include <iterator>
#include <set>

#include "parser/bind/binder.h"

namespace pgconsent::parser {

namespace {

using EntryColumn = std::pair<int, int>;  // entry, column
using EntryColumns = std::set<EntryColumn>;

const VisibleColumn* visible(const ColumnRef* reference, const Scope& scope, const VisibleColumns& outputs) {
  const List* fields = reference->fields;
  const std::string_view name = last_string(fields);
  const VisibleColumn* found = nullptr;
  for (const FromItem& item : scope.items) {
    if (fields->length == 1
            ? !item.columns_visible
            : item.name != string_value(static_cast<const Node*>(list_nth(fields, fields->length - 2)))) {
      continue;
    }
    if (found == nullptr) found = item.column(name);
  }
  if (found != nullptr || fields->length > 1) return found;
  auto output =
      std::find_if(outputs.begin(), outputs.end(), [&](const VisibleColumn& c) { return c.name == name; });
  return output == outputs.end() ? nullptr : &*output;
}

// The columns that are in every grouping set of the item, or in any.
enum class Sets { every, any };
EntryColumns grouped(Sets which, const Node* node, const Scope& scope, const VisibleColumns& outputs) {
  EntryColumns result;
  auto all_of = [&](const List* list) {
    for_each(list, [&](const Node* item) { result.merge(grouped(which, item, scope, outputs)); });
  };
  switch (nodeTag(node)) {
    case T_ColumnRef:
      if (const VisibleColumn* column = visible(as<ColumnRef>(node), scope, outputs); column != nullptr) {
        if (column->entry >= 0) result.insert({column->entry, column->column});
      }
      break;
    case T_A_Const: {
      const auto* constant = as<A_Const>(node);
      if (constant->isnull || nodeTag(&constant->val.node) != T_Integer) break;
      const int position = constant->val.ival.ival;
      if (position < 1 || position > static_cast<int>(outputs.size())) break;
      if (outputs[position - 1].entry >= 0)
        result.insert({outputs[position - 1].entry, outputs[position - 1].column});
      break;
    }
    case T_RowExpr:
      all_of(as<RowExpr>(node)->args);
      break;
    case T_GroupingSet: {
      const auto* set = as<GroupingSet>(node);
      if (set->kind == GROUPING_SET_SIMPLE || which == Sets::any) {
        all_of(set->content);
      } else if (set->kind == GROUPING_SET_SETS && set->content != nullptr) {
        bool first = true;
        for_each(set->content, [&](const Node* item) {
          EntryColumns one = grouped(which, item, scope, outputs), both;
          if (first) {
            result = std::move(one);
          } else {
            std::set_intersection(result.begin(), result.end(), one.begin(), one.end(),
                                  std::inserter(both, both.begin()));
            result = std::move(both);
          }
          first = false;
        });
      }
      break;
    }
    default:
      break;
  }
  return result;
}

}  // namespace

// PostgreSQL lets a query that groups by a table's primary key use the table's other columns ungrouped. A
// derived table has no key: the columns that are used that way must be grouped by as well.
void Binder::grouping(const SelectStmt* select, Scope& scope, const VisibleColumns& outputs) {
  if (select->groupClause == nullptr) return;
  EntryColumns columns, named;
  for_each(select->groupClause, [&](const Node* item) {
    columns.merge(grouped(Sets::every, item, scope, outputs));
    named.merge(
        grouped(Sets::any, item, scope, outputs));  // NULL in the sets that leave it out: not to be added
  });
  for (const FromItem& item : scope.items) {
    if (item.entry < 0) continue;
    const RangeEntry& entry = out_.entries[item.entry];
    auto is_grouped = [&](int column) { return columns.contains({item.entry, column}); };
    auto key = std::find_if(entry.relation->unique_keys.begin(), entry.relation->unique_keys.end(),
                            [](const UniqueKey& k) { return k.primary; });
    if (key == entry.relation->unique_keys.end()) continue;
    const bool whole_key = std::all_of(key->attnums.begin(), key->attnums.end(), [&](AttrNumber attnum) {
      const Column* column = entry.relation->column(attnum);
      return column != nullptr && is_grouped(static_cast<int>(column - entry.relation->columns.data()));
    });
    if (!whole_key) continue;
    GroupAddition addition{item.entry, select, {}, {}};
    for (std::size_t i = 0; i < entry.used_grouped.size(); ++i) {
      if (!entry.used_grouped[i] || named.contains({item.entry, static_cast<int>(i)})) continue;
      if (!entry.relation->columns[i].can_be_grouped) addition.ungroupable = entry.relation->columns[i].name;
      addition.columns.push_back(static_cast<int>(i));
    }
    if (!addition.columns.empty()) out_.group_additions.push_back(std::move(addition));
  }
}

}  // namespace pgconsent::parser
