// Could a setting of the session change what a DBA's condition means? Dates are read by DateStyle and
// TimeZone, numbers are written by extra_float_digits, and so on.
#pragma once

#include <string>
#include <unordered_map>

#include "parser/catalog/snapshot.h"
#include "parser/tree/server_nodes.h"

namespace pgconsent::parser {

struct SettingProblem {
  std::string message;  // lower case, no full stop; empty: none
  std::string hint;
};

// The types of a condition's columns, as they are in the generated SQL (time stamps in UTC).
using ColumnTypes = std::unordered_map<const Node*, Oid>;

// Types are followed as far as is needed; what can't be followed is a problem where it could matter.
// REQUIRES: generate_condition() understands the expression.
SettingProblem find_setting(const Node* expression, const ColumnTypes& columns, const Snapshot& catalog);

// A date, time, time stamp or interval that is read in one way only: 2024-02-29, 10:30, 10 years, infinity.
bool is_plain_time(std::string_view text);

}  // namespace pgconsent::parser
