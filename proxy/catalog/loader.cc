#include "proxy/catalog/loader.h"

#include <array>

#include "proxy/catalog/queries.h"

namespace pgconsent::catalog {

std::span<const std::string_view> catalog_queries() {
  static const auto texts = [] {
    std::array<std::string_view, query_count> all;
    for (std::size_t i = 0; i < query_count; ++i) all[i] = query_text(static_cast<Query>(i));
    return all;
  }();
  return texts;
}

}  // namespace pgconsent::catalog
