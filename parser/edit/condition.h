// A condition that a DBA wrote, as generated SQL: everything named fully, so that no search path can change
// its meaning, and nothing in it depends on a setting of the session.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parser/catalog/snapshot.h"

namespace pgconsent::parser {

struct GeneratedCondition {
  std::string sql{};             // expression in parentheses where it needs them
  std::string error{};           // not empty: why the condition can't be used; lower case, no full stop
  std::string hint{};            // then perhaps: how else to say it
  std::set<Oid> relations{};     // read in subqueries
  std::set<std::string> used{};  // the names of the rows that it reads
  std::set<std::pair<Oid, AttrNumber>> columns{};
};

// A row that a condition may speak of: `name.column`. One without name is meant where no name is written
// outside subqueries; the condition's own subqueries name their tables.
struct ConditionRow {
  std::string name;
  const Relation* relation = nullptr;
  std::string alias;  // in generated SQL
};

// Comparisons, AND/OR/NOT, IN (list), BETWEEN, LIKE, IS [NOT] NULL/TRUE/FALSE, casts, COALESCE, CASE, EXISTS
// and scalar subqueries over tables with their schema, min/max/count/bool_or/bool_and in these, built-in
// functions without side effects and CURRENT_TIMESTAMP are understood. Time stamps are taken in UTC.
GeneratedCondition generate_condition(std::string_view text, const std::vector<ConditionRow>& rows,
                                      const Snapshot& catalog);

}  // namespace pgconsent::parser
