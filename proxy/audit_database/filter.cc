#include "proxy/audit_database/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>

#include "parser/names/ascii.h"

namespace pgconsent::audit_database {

namespace {

bool names(const std::vector<std::string>& all, std::string_view wanted) {
  return wanted.empty() || std::any_of(all.begin(), all.end(), [&](const std::string& name) {
           return name == wanted || (name.size() > wanted.size() && name.ends_with(wanted) &&
                                     name[name.size() - wanted.size() - 1] == '.');
         });
}

bool is(std::string_view value, std::string_view wanted) {
  return wanted.empty() || value == wanted;
}

bool contains(std::string_view text, std::string_view wanted) {
  return parser::lower(text).find(parser::lower(wanted)) != std::string::npos;
}

std::optional<std::string> ago(std::string_view text, std::chrono::system_clock::time_point now) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (error != std::errc{} || count < 0 || count > 1'000'000) return {};
  const std::int64_t seconds = unit == "min" ? 60 : unit == "h" ? 3600 : unit == "d" ? 86400 : 0;
  if (seconds == 0) return {};
  const std::time_t then = std::chrono::system_clock::to_time_t(now) - count * seconds;
  std::tm parts{};
  ::gmtime_r(&then, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.000000Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace

bool matches(const Shape& shape, const Filter& filter) {
  return is(shape.role, filter.role) && is(shape.application, filter.application) &&
         is(shape.purpose, filter.purpose) && is(shape.decision, filter.decision) &&
         is(shape.database, filter.database) && is(shape.fingerprint, filter.fingerprint) &&
         names(shape.tables, filter.table) && names(shape.columns, filter.column) &&
         (filter.contains.empty() || contains(shape.statement, filter.contains) ||
          contains(shape.reason, filter.contains));
}

bool is_in_time(std::string_view time, const Filter& filter) {
  return (filter.since.empty() || time >= filter.since) && (filter.until.empty() || time < filter.until);
}

bool is_about(const Outcome& outcome, const Filter::Subject& subject) {
  for (const Outcome::Subjects& each : outcome.subjects) {
    if (each.kind != subject.kind) continue;
    for (std::uint32_t number : subject.numbers) {
      if (std::binary_search(each.numbers.begin(), each.numbers.end(), number)) return true;
    }
  }
  return false;
}

std::optional<std::string> parse_time(std::string_view text, std::chrono::system_clock::time_point now) {
  constexpr std::string_view form = "0000-01-01T00:00:00.000000Z";
  constexpr std::size_t date = 10, minutes = 16, seconds = 19;
  if (auto relative = ago(text, now)) return relative;
  std::string out;
  if (text.size() == date) {
    out = std::string(text) + std::string(form.substr(date));
  } else if (text.ends_with('Z') && (text.size() == minutes + 1 || text.size() == seconds + 1)) {
    out = std::string(text.substr(0, text.size() - 1)) + std::string(form.substr(text.size() - 1));
  } else if (text.ends_with('Z') && text.size() > seconds + 2 && text.size() <= form.size()) {
    out = std::string(text.substr(0, text.size() - 1));
    out.append(form.size() - 1 - out.size(), '0').push_back('Z');
  }
  return is_time(out) ? std::optional(out) : std::nullopt;
}

}  // namespace pgconsent::audit_database
