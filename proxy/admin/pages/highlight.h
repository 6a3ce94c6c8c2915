// A statement of the record with the part marked that a refusal is about.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "proxy/admin/pages/html.h"

namespace pgconsent::pages {

// `names`: columns, tables and functions that the refusal is about, as they are named in the statement without
// a schema; they are marked. `position`: 1-based character that it points to, 0 for none; marked when none of
// the names is there. Keywords are set off from the rest.
Html highlight(std::string_view statement, int position, const std::set<std::string, std::less<>>& names);

// The names that a reason quotes ("column `public.users.ssn`", "function query_to_xml") and rules name: their
// last parts.
std::set<std::string, std::less<>> names_in(std::string_view reason);
std::string last_part(std::string_view name);

}  // namespace pgconsent::pages
