// The name space of one query level: FROM items and their columns, as parse_relation.c keeps them.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "parser/bind/binding.h"

namespace pgconsent::parser {

// A column as it is visible somewhere, with where it comes from.
struct VisibleColumn {
  std::string_view name;
  int entry = -1;   // of Binding::entries; -1: not a column of a replaced relation
  int column = -1;  // index in that entry's Relation::columns
  ResultColumn origin;
  bool in_run = false;  // of a run of columns that are not known here, nor how many they are
};
using VisibleColumns = std::vector<VisibleColumn>;

// One FROM item: SELECT * FROM <users u>, <(SELECT …) s>, <f(x)>.
struct FromItem {
  std::string_view name;
  std::string_view schema;  // of a relation without alias: schema.table.column may name it
  VisibleColumns columns;
  int entry = -1;               // the item is a replaced relation
  bool opaque = false;          // has columns that are not known here (functions): some are `in_run`
  bool name_visible = true;     // false: hidden behind a join's alias
  bool columns_visible = true;  // false: merged into a join's columns, or hidden behind its alias

  const VisibleColumn* column(std::string_view wanted) const {
    for (const VisibleColumn& c : columns) {
      if (c.name == wanted) return &c;
    }
    return nullptr;
  }
};

struct Scope {
  explicit Scope(const Scope* outer) : parent(outer) {}

  const Scope* parent;  // where a name is looked for next
  std::vector<FromItem> items;
  const VisibleColumns* outputs = nullptr;  // names that ORDER BY and GROUP BY may mean
  bool after_grouping = false;              // in the target list, HAVING or ORDER BY of a grouped query
  int aggregate_depth = 0;                  // inside an aggregate's arguments
};

struct CommonTable {
  std::string_view name;
  VisibleColumns columns;
  bool opaque = false;
  bool read = false;
};

}  // namespace pgconsent::parser
