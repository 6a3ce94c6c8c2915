// Points in time as people and forms write them. All in UTC.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace pgconsent::pages {

using Time = std::chrono::sys_time<std::chrono::seconds>;

Time now_in_seconds();
// "2026-11-27", "2026-11-27T10:30", with seconds, with or without Z at the end; a space may stand for the T.
std::optional<Time> parse_time(std::string_view text);
std::string date_text(Time time);    // 2026-11-27
std::string minute_text(Time time);  // 2026-11-27T10:30, with seconds where there are some: what <input
                                     // type="datetime-local"> takes
std::string second_text(Time time);  // 2026-11-27 10:30:05
// PostgreSQL's "2026-11-27 10:30:05.123456+00" to "2026-11-27 10:30:05".
std::string_view without_fraction(std::string_view timestamp);

}  // namespace pgconsent::pages
