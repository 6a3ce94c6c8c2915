// rules.yaml: any bytes give rules or diagnostics, never a crash and never both; so does binding them to a
// catalog.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "rules/rule_set.h"
#include "tests/unit/rules/shop_catalog.h"

namespace {

using pgconsent::rules::Diagnostics;

void check(bool has_result, const Diagnostics& diagnostics) {
  if (has_result == pgconsent::rules::has_errors(diagnostics)) std::abort();
  for (const auto& diagnostic : diagnostics) {
    const std::string line = to_string(diagnostic);
    if (line.empty() || line.find('\n') != std::string::npos) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto catalog = pgconsent::rules::testing::shop_catalog();
  const auto read = pgconsent::rules::parse_rules({reinterpret_cast<const char*>(data), size}, "fuzz");
  check(read.rules != nullptr, read.diagnostics);
  if (!read.rules) return 0;

  const auto bound = pgconsent::rules::bind_rules(*read.rules, *catalog);
  check(bound.policy != nullptr, bound.diagnostics);
  if (!bound.policy) return 0;
  for (const auto& [oid, relation] : bound.policy->relations) {
    // Every live column has an entry, and none is public or clear by accident of an empty category.
    const auto* live = catalog->relation(oid);
    if (live == nullptr || live->columns.size() != relation.columns.size()) std::abort();
    for (const auto& column : relation.columns) {
      if (relation.column(column.attnum) != &column || column.rule.empty()) std::abort();
      if (column.category.empty() && column.mask.kind != pgconsent::rules::Mask::Kind::null) std::abort();
    }
    if (relation.subjects.empty() && relation.all_subjects) std::abort();
  }
  return 0;
}
