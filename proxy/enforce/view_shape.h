// What a view's definition says, as PostgreSQL prints it: which names occur where, and which columns are
// equal.
#pragma once

#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "parser/tree/server_nodes.h"

namespace pgconsent::enforce {

// By names alone: pg_get_viewdef qualifies columns where there is more than one relation, and writes a whole
// row as name.*.
struct Words {
  std::unordered_set<std::string_view> names;  // last parts of column references, and USING lists
  bool whole_row = false;
  bool renamed = false;  // an alias gives columns other names

  void add(const Node* node);

 private:
  void alias(const Alias* alias) { renamed |= alias != nullptr && alias->colnames != nullptr; }
};

// `alias.column`; the alias is that of the FROM item.
struct NamedColumn {
  std::string_view item, name;
  bool operator==(const NamedColumn&) const = default;
};

// `column` where the FROM clause is one relation. False: not a plain column.
bool named_column(const Node* value, std::string_view only_item, NamedColumn& out);

std::string_view item_name(const RangeVar* range);

// Is the relation an item of the FROM clause itself, perhaps in a join?
bool is_from_item(const SelectStmt* select, const RangeVar* range);

// In every row of the result in which the first one's relation is present, the second has the same value.
using Equalities = std::vector<std::pair<NamedColumn, NamedColumn>>;
Equalities equalities(const SelectStmt* select);

}  // namespace pgconsent::enforce
