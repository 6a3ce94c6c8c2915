// The form above lists and charts, and what is in force said in words. Private to this folder.
#pragma once

#include <initializer_list>

#include "proxy/admin/pages/filter.h"
#include "proxy/admin/pages/html.h"

namespace pgconsent::pages {

// `fields`: those with an input of their own; others in force are shown as tokens to take away.
// `keep`: parameters of the page that are not the filter's.
Html filter_form(const Filter& filter, std::string_view action,
                 std::initializer_list<std::string_view> fields, bool with_search,
                 const Parameters& keep = {});
Html filter_problems(const Filter& filter);
// "/statements?…" with one field changed; an empty value takes it out.
std::string link_with(const Filter& filter, std::string_view path, std::string_view field,
                      std::string_view value);

}  // namespace pgconsent::pages
