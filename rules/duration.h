// "60s", "500ms", "4h": PostgreSQL's units `ms s min h`, a plain number means seconds.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace pgconsent::rules {

// From 1ms to 24h; nothing when it is no time or outside.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// Likewise, and `unlimited`, which is zero.
std::optional<std::chrono::milliseconds> parse_age_limit(std::string_view text);

inline constexpr std::string_view duration_hint =
    "use a time from `1ms` to `24h`, with a unit of ms, s, min or h";
inline constexpr std::string_view age_limit_hint =
    "use a time from `1ms` to `24h`, with a unit of ms, s, min or h, or `unlimited`";

}  // namespace pgconsent::rules
