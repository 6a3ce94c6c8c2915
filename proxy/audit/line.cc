#include "proxy/audit/line.h"

#include <charconv>

namespace pgconsent::audit {

namespace {

bool take(std::string_view& rest, std::string_view what) {
  if (!rest.starts_with(what)) return false;
  rest.remove_prefix(what.size());
  return true;
}

bool take_number(std::string_view& rest, std::uint64_t& out) {
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out);
  if (error != std::errc{} || end == rest.data() || (rest[0] == '0' && end != rest.data() + 1)) return false;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return true;
}

bool take_until(std::string_view& rest, char end, std::string_view& out) {
  const std::size_t at = rest.find(end);
  if (at == std::string_view::npos) return false;
  out = rest.substr(0, at);
  rest.remove_prefix(at);
  return true;
}

}  // namespace

std::optional<Line> parse_line(std::string_view text) {
  if (text.size() <= hash_field_size || !text.ends_with("\"}")) return {};
  const std::string_view tail = text.substr(text.size() - hash_field_size);
  if (!tail.starts_with(hash_key)) return {};
  Line line;
  line.text = text;
  line.hash = tail.substr(hash_key.size(), 64);
  std::string_view rest = text.substr(0, text.size() - hash_field_size);
  if (!take(rest, "{\"time\":\"") || !take_until(rest, '"', line.time)) return {};
  if (!take(rest, "\",\"id\":") || !take_number(rest, line.id)) return {};
  if (!take(rest, ",\"prev\":\"") || !take_until(rest, '"', line.prev)) return {};
  if (line.prev.size() != 64 || !take(rest, "\",")) return {};
  line.fields = rest;
  if (rest.starts_with("\"log\":")) {
    line.kind = LineKind::log;
    return line;
  }
  std::uint64_t session = 0;
  if (take(rest, "\"session\":") && take_number(rest, session) && take(rest, ",\"outcome_of\":")) {
    if (!take_number(rest, line.outcome_of)) return {};
    line.kind = LineKind::outcome;
  }
  return line;
}

}  // namespace pgconsent::audit
