// In which order a list stands, and where in it a page begins: by the values of a row, not by counting rows,
// so that the millionth page costs what the first does. Private to this folder.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "proxy/admin/pages/filter.h"

namespace pgconsent::pages {

struct SortKey {
  const char* name;  // in the address
  const char* sql;
  const char* type;
};
inline constexpr std::array<SortKey, 4> sort_keys = {{
    {"time", "s.time", "timestamptz"},
    {"rows", "coalesce(s.rows, -1)", "bigint"},
    {"took", "coalesce(s.server_us, -1)", "bigint"},
    {"proxy", "s.duration_us", "bigint"},
}};

struct ListOrder {
  const SortKey* key = &sort_keys[0];
  bool ascending = false;
  bool backwards = false;           // the page ends before the mark, instead of beginning after it
  std::string mark_value, mark_id;  // empty: from the beginning

  bool is_default() const { return key == &sort_keys[0] && !ascending; }
  void add_to(Parameters& parameters) const;  // key and direction
};
ListOrder parse_order(const Parameters& parameters);
// Does pgconsent_audit.search() answer it? Else list_query() needs to know the shapes.
bool by_search(const Filter& filter, const ListOrder& order);
// The rows of the list, in order (against it where it goes backwards), at most `most`.
Question list_query(std::string_view select_list, const Filter& filter, const ListOrder& order,
                    const std::optional<std::string>& shapes, int most);
// Asks both questions.
std::optional<Rows> find_list(Connection& connection, std::string_view select_list, const Filter& filter,
                              const ListOrder& order, int most, Problem& problem);
// "value~id", as in the address behind `after` or `before`.
std::string mark(std::string_view value, std::string_view id);

}  // namespace pgconsent::pages
