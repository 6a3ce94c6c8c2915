#include "proxy/audit_database/entry.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "proxy/audit_database/subject_set.h"

namespace pgconsent::audit_database {

namespace {

using nlohmann::json;

// PostgreSQL's text holds no zero byte; it appears as other bytes do that are not text.
std::string without_zeros(std::string text) {
  for (std::size_t at = 0; (at = text.find('\0', at)) != std::string::npos; at += 4)
    text.replace(at, 1, "\\x00");
  return text;
}

bool take(const json& object, const char* key, std::string& out) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return false;
  out = without_zeros(found->get<std::string>());
  return true;
}

bool take(const json& object, const char* key, std::vector<std::string>& out) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return false;
  for (const json& each : *found) {
    if (!each.is_string()) return false;
    out.push_back(without_zeros(each.get<std::string>()));
  }
  return true;
}

bool take(const json& object, const char* key, std::optional<std::uint64_t>& out) {
  const auto found = object.find(key);
  if (found == object.end()) return true;
  if (!found->is_number_unsigned()) return false;
  out = found->get<std::uint64_t>();
  return *out <= INT64_MAX;
}

json parse(std::string_view fields) {
  return json::parse("{" + std::string(fields) + "}", nullptr, false);
}

// `"name":` must come next; the digits behind it are taken.
bool take_number(std::string_view& rest, std::string_view name, std::uint64_t& out) {
  if (!rest.starts_with(name)) return false;
  rest.remove_prefix(name.size());
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out);
  if (error != std::errc{} || out > INT64_MAX) return false;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return true;
}

bool take_subjects(const json& object, Outcome& out) {
  const auto found = object.find("subjects");
  if (found == object.end()) return true;
  if (!found->is_object()) return false;
  out.subjects_known = true;
  for (const auto& [kind, text] : found->items()) {
    auto bitmap = text.is_string() ? decode_base64(text.get_ref<const std::string&>()) : std::nullopt;
    auto numbers = bitmap ? decode_bitmap(*bitmap) : std::nullopt;
    if (!numbers) return false;
    out.subjects.push_back({without_zeros(kind), std::move(*bitmap), std::move(*numbers)});
  }
  return true;
}

constexpr std::string_view shape_begin = ",\"database\":", shape_end = ",\"catalog\":",
                           version_key = ",\"rules_version\":", duration_key = ",\"duration_us\":";

}  // namespace

// A key with its quotes and comma can't stand inside a JSON string, where quotes are escaped: so the pieces
// are found without parsing, and millions of lines share a few shapes.
std::optional<RecordFields> parse_record(std::string_view fields) {
  const std::size_t begin = fields.find(shape_begin), end = fields.find(shape_end),
                    version = fields.find(version_key), duration = fields.find(duration_key);
  if (duration == std::string_view::npos || !(begin < end && end < version && version < duration)) return {};
  RecordFields out;
  std::string_view head = fields.substr(0, begin), catalog = fields.substr(end, version - end),
                   last = fields.substr(duration);
  if (!take_number(head, "\"session\":", out.session) || !take_number(catalog, shape_end, out.catalog) ||
      !catalog.empty() || !take_number(last, duration_key, out.duration_us))
    return {};
  if (!head.starts_with(",\"client\":")) return {};
  const json client = json::parse(head.substr(10), nullptr, false);
  if (!client.is_string()) return {};
  out.client = without_zeros(client.get<std::string>());
  out.shape = std::string(fields.substr(begin + 1, end - begin - 1)) +
              std::string(fields.substr(version, duration - version));
  return out;
}

std::optional<Shape> parse_shape(std::string_view text) {
  const json object = parse(text);
  Shape out;
  const bool fine = object.is_object() && take(object, "database", out.database) &&
                    take(object, "role", out.role) && take(object, "application", out.application) &&
                    take(object, "purpose", out.purpose) && take(object, "decision", out.decision) &&
                    take(object, "reason", out.reason) && take(object, "rules", out.rules) &&
                    take(object, "basis", out.basis) && take(object, "tables", out.tables) &&
                    take(object, "columns", out.columns) && take(object, "fingerprint", out.fingerprint) &&
                    take(object, "statement", out.statement) &&
                    take(object, "rules_version", out.rules_version);
  if (!fine) return {};
  take(object, "purpose_source", out.purpose_source);  // logs of earlier versions have none
  return out;
}

std::optional<Outcome> parse_outcome(std::string_view fields) {
  const json object = parse(fields);
  Outcome out;
  if (!object.is_object() || !take(object, "rows", out.rows) ||
      !take(object, "cells_masked", out.cells_masked) || !take(object, "server_us", out.server_us) ||
      !take_subjects(object, out))
    return {};
  if (object.contains("sqlstate") && !take(object, "sqlstate", out.sqlstate)) return {};
  if (object.contains("subjects_unknown") && !take(object, "subjects_unknown", out.subjects_unknown))
    return {};
  return out;
}

bool is_time(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00.000000Z";
  if (text.size() != form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i]) return false;
  }
  const auto number = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  const int year = number(0) * 100 + number(2), month = number(5), day = number(8);
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return year > 0 && month >= 1 && month <= 12 && day >= 1 &&
         day <= days[month - 1] + (month == 2 && leap ? 1 : 0) && number(11) < 24 && number(14) < 60 &&
         number(17) < 60;
}

}  // namespace pgconsent::audit_database
