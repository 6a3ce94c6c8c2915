// Where code takes rows by the order of their columns: another column in the place of one would get its
// values.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "parser/tree/scanner.h"

namespace pgconsent::parser {

struct RowCopies {
  bool own = false;    // the rows that a trigger is given
  bool named = false;  // those of tables that it names
  bool any = false;    // of dynamic SQL nobody knows
};

// OLD.* (but for hstore(OLD.*), which takes the names along), r := OLD, SELECT *, t%ROWTYPE, INSERT INTO t
// VALUES …, and variables that are of a table's type.
// `tables`: names of all there are.
RowCopies find_row_copies(const std::string& body, const std::vector<Token>& tokens,
                          const std::unordered_set<std::string_view>& tables);

}  // namespace pgconsent::parser
