// A condition that a DBA wrote, as generated SQL: everything named fully, so that no search path can change
// its meaning.
#pragma once

#include <string>
#include <string_view>

#include "parser/catalog/snapshot.h"

namespace pgconsent::parser {

struct GeneratedCondition {
  std::string sql;    // boolean expression in parentheses
  std::string error;  // not empty: why the condition can't be used; lower case, no full stop
};

// `text` is over the columns of `relation`, which the generated SQL names `alias`. Comparisons, AND/OR/NOT,
// IN (list), BETWEEN, LIKE, IS [NOT] NULL/TRUE/FALSE, casts, COALESCE, CASE, built-in functions and
// CURRENT_TIMESTAMP are understood.
GeneratedCondition generate_condition(std::string_view text, const Relation& relation, std::string_view alias,
                                      const Snapshot& catalog);

}  // namespace pgconsent::parser
