#include "proxy/admin/pages/time_text.h"

#include <fmt/format.h>

#include <charconv>

namespace pgconsent::pages {

namespace {

namespace chrono = std::chrono;

// Exactly `digits` of them, in front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  const char* end = text.data() + digits;
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || value < 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view any) {
  if (text.empty() || any.find(text.front()) == any.npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<chrono::sys_days> take_date(std::string_view& text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const chrono::year_month_day date{chrono::year(*year), chrono::month(static_cast<unsigned>(*month)),
                                    chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *year < 1970) return std::nullopt;
  return chrono::sys_days(date);
}

struct Parts {
  chrono::year_month_day date;
  chrono::hh_mm_ss<chrono::seconds> time;
};
Parts parts(Time time) {
  const auto day = chrono::floor<chrono::days>(time);
  return {chrono::year_month_day(day), chrono::hh_mm_ss(time - day)};
}

}  // namespace

Time now_in_seconds() {
  return chrono::floor<chrono::seconds>(chrono::system_clock::now());
}

std::optional<Time> parse_time(std::string_view text) {
  const auto date = take_date(text);
  if (!date) return std::nullopt;
  Time time = *date;
  if (text.empty()) return time;
  if (!take(text, "T ")) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  time += chrono::hours(*hour) + chrono::minutes(*minute);
  if (take(text, ":")) {
    const auto second = take_number(text, 2);
    if (!second || *second > 59) return std::nullopt;
    time += chrono::seconds(*second);
  }
  take(text, "Z");
  if (!text.empty()) return std::nullopt;
  return time;
}

std::string date_text(Time time) {
  const Parts p = parts(time);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(p.date.year()),
                     static_cast<unsigned>(p.date.month()), static_cast<unsigned>(p.date.day()));
}

std::string minute_text(Time time) {
  const Parts p = parts(time);
  std::string out =
      fmt::format("{}T{:02}:{:02}", date_text(time), p.time.hours().count(), p.time.minutes().count());
  if (p.time.seconds().count() != 0) out += fmt::format(":{:02}", p.time.seconds().count());
  return out;
}

std::string second_text(Time time) {
  const Parts p = parts(time);
  return fmt::format("{} {:02}:{:02}:{:02}", date_text(time), p.time.hours().count(),
                     p.time.minutes().count(), p.time.seconds().count());
}

std::string_view without_fraction(std::string_view timestamp) {
  return timestamp.substr(0, std::min(timestamp.size(), timestamp.find_first_of(".+")));
}

}  // namespace pgconsent::pages
