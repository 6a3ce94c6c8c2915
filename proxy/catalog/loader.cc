#include "proxy/catalog/loader.h"

#include <array>
#include <atomic>

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

std::uint64_t next_snapshot_version() {
  static std::atomic<std::uint64_t> version{0};
  return ++version;
}

}  // namespace pgconsent::catalog
