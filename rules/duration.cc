#include "rules/duration.h"

#include <charconv>
#include <cstdint>

namespace pgconsent::rules {

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::int64_t day = 24LL * 3600 * 1000;
  std::int64_t count = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{}) return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  const std::int64_t factor = unit == "ms"                  ? 1
                              : unit.empty() || unit == "s" ? 1000
                              : unit == "min"               ? 60'000
                              : unit == "h"                 ? 3'600'000
                                                            : 0;
  if (factor == 0 || count < 1 || count > day / factor) return std::nullopt;
  return std::chrono::milliseconds(count * factor);
}

std::optional<std::chrono::milliseconds> parse_age_limit(std::string_view text) {
  if (text == "unlimited") return std::chrono::milliseconds::zero();
  return parse_duration(text);
}

}  // namespace pgconsent::rules
