// Charts as SVG within the page: no script, no style attributes (the content policy forbids both).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/admin/pages/html.h"

namespace pgconsent::pages {

struct Bucket {
  std::string label;  // of its beginning, as on the axis
  std::string link;   // where its statements are
};

// One series over time as bars; `colour` is a decision's name. `summary` says in a sentence what is seen.
Html bar_chart(std::string_view colour, std::string_view summary, const std::vector<Bucket>& buckets,
               const std::vector<std::int64_t>& values);

// One horizontal bar of parts, its length the parts' sum against `most`. Decoration: the numbers stand beside
// it.
Html share_bar(const std::vector<std::int64_t>& parts, std::int64_t most);

}  // namespace pgconsent::pages
