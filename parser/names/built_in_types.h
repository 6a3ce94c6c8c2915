// The types of PostgreSQL 15's pg_catalog that are named without their schema (pg_type, but for rows, arrays
// and pseudo-types). Those with names of their own in the grammar (integer, timestamp) are qualified when
// parsed.
#pragma once

#include <string_view>

namespace pgconsent::parser {

bool is_built_in_type(std::string_view name);

}  // namespace pgconsent::parser
