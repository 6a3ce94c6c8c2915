// Conditions that may be asked of a row before it is known whether the row may be seen.
#pragma once

#include "parser/tree/server_nodes.h"

namespace pgconsent::parser {

// Columns, constants and parameters that are compared by built-in operators: nothing in it fails at a row, or
// calls anybody's code. REQUIRES: pg_catalog comes first in the search path.
bool is_quiet(const Node* condition);

}  // namespace pgconsent::parser
