#include "proxy/consent/formats/event.h"

#include <algorithm>
#include <chrono>

#include "rules/utf8.h"

namespace pgconsent::consent {

namespace {

bool digits(std::string_view text, std::size_t at, std::size_t count, int& out) {
  out = 0;
  if (text.size() < at + count) return false;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  return true;
}

bool is_zone(std::string_view zone) {
  int hours = 0, minutes = 0;
  if (zone == "Z" || zone == "z") return true;
  if (zone.empty() || (zone[0] != '+' && zone[0] != '-') || !digits(zone, 1, 2, hours) || hours > 15)
    return false;
  if (zone.size() == 3) return true;
  const std::size_t at = zone[3] == ':' ? 4 : 3;
  return zone.size() == at + 2 && digits(zone, at, 2, minutes) && minutes < 60;
}

bool is_time(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (text.size() < 10 || text[4] != '-' || text[7] != '-' || !digits(text, 0, 4, year) ||
      !digits(text, 5, 2, month) || !digits(text, 8, 2, day))
    return false;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || year == 0) return false;
  if (text.size() == 10) return true;
  if (text.size() < 20 || (text[10] != 'T' && text[10] != ' ') || text[13] != ':' || text[16] != ':' ||
      !digits(text, 11, 2, hour) || !digits(text, 14, 2, minute) || !digits(text, 17, 2, second) ||
      hour > 23 || minute > 59 || second > 59)
    return false;
  std::size_t at = 19;
  if (text[at] == '.') {
    const std::size_t first = ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    if (at == first || at > first + 9) return false;
  }
  return is_zone(text.substr(at));
}

}  // namespace

std::optional<std::string>* Event::field(std::string_view name) {
  auto found = std::find(event_fields.begin(), event_fields.end(), name);
  return found == event_fields.end() ? nullptr : &values[found - event_fields.begin()];
}

std::string Event::get(std::string_view name) const {
  const auto at = std::find(event_fields.begin(), event_fields.end(), name) - event_fields.begin();
  return values.at(static_cast<std::size_t>(at)).value_or("");
}

std::string value_problem(std::string_view field, std::string_view value) {
  if (value.size() > longest_text)
    return std::string(field) + " is longer than " + std::to_string(longest_text) + " bytes";
  if (value.find('\0') != value.npos) return std::string(field) + " holds a NUL byte";
  if (!rules::is_valid_utf8(value)) return std::string(field) + " is not UTF-8";
  const bool is_moment = field == "occurred_at" || field == "valid_from" || field == "valid_until";
  if (is_moment && !is_time(value))
    return std::string(field) + " is not a time like 2026-01-31T12:00:00Z: \"" +
           std::string(value.substr(0, 40)) + "\"";
  return {};
}

std::string set_field(Event& event, std::string_view name, std::string value) {
  if (value.empty()) return {};
  if (std::string problem = value_problem(name, value); !problem.empty()) return problem;
  constexpr std::string_view types[] = {"give", "refuse", "withdraw", "object", "restrict", "lift"};
  if (name == "event_type" && std::find(std::begin(types), std::end(types), value) == std::end(types))
    return "unknown event type \"" + value.substr(0, 40) + "\"";
  *event.field(name) = std::move(value);
  return {};
}

std::string csv_field(std::string_view value) {
  if (value.find_first_of(",\"\n\r") == value.npos) return std::string(value);
  std::string out = "\"";
  for (char c : value) out.append(c == '"' ? "\"\"" : std::string(1, c));
  return out + "\"";
}

}  // namespace pgconsent::consent
