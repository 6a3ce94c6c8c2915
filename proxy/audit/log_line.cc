#include "proxy/audit/log_line.h"

#include <nlohmann/json.hpp>

#include "proxy/audit/json_text.h"
#include "proxy/audit/segments.h"

namespace pgconsent::audit {

namespace {

constexpr std::string_view kinds[] = {"segment", "sealed", "removed"};

void number(std::string& out, std::string_view key, std::uint64_t value) {
  out.append(key);
  append_number(out, value);
}

void text(std::string& out, std::string_view key, std::string_view value) {
  out.append(key);
  append_json(out, value);
}

}  // namespace

LogLine segment_begins(std::uint64_t number) {
  LogLine line;
  line.segment = number;
  line.format = format_version;
  return line;
}

void append_log_line(std::string& out, const LogLine& line) {
  text(out, "\"log\":", kinds[static_cast<std::size_t>(line.kind)]);
  number(out, ",\"segment\":", line.segment);
  if (line.kind == LogLine::Kind::segment) return number(out, ",\"format\":", line.format);
  number(out, ",\"first\":", line.first);
  number(out, ",\"last\":", line.last);
  text(out, ",\"last_hash\":", line.last_hash);
  text(out, ",\"merkle\":", line.merkle);
  if (line.kind == LogLine::Kind::sealed) return;
  text(out, ",\"reason\":", line.reason);
  if (line.signature.empty()) return;
  text(out, ",\"key\":", line.key);
  text(out, ",\"signature\":", line.signature);
}

std::optional<LogLine> parse_log_line(const Line& line) {
  if (line.kind != LineKind::log) return {};
  const auto json = nlohmann::json::parse("{" + std::string(line.fields) + "}", nullptr, false);
  if (!json.is_object()) return {};
  bool right = true;
  auto number = [&](const char* key, std::uint64_t& out) {
    const auto it = json.find(key);
    right &= it != json.end() && it->is_number_unsigned();
    if (right) out = it->get<std::uint64_t>();
  };
  auto text = [&](const char* key, std::string& out, bool optional = false) {
    const auto it = json.find(key);
    if (optional && it == json.end()) return;
    right &= it != json.end() && it->is_string();
    if (right) out = it->get<std::string>();
  };
  LogLine out;
  std::string kind;
  text("log", kind);
  number("segment", out.segment);
  if (!right) return {};
  if (kind == kinds[0]) {
    number("format", out.format);
    return right ? std::optional(out) : std::nullopt;
  }
  if (kind != kinds[1] && kind != kinds[2]) return {};
  out.kind = kind == kinds[1] ? LogLine::Kind::sealed : LogLine::Kind::removed;
  number("first", out.first);
  number("last", out.last);
  text("last_hash", out.last_hash);
  text("merkle", out.merkle);
  if (out.kind == LogLine::Kind::removed) text("reason", out.reason);
  text("key", out.key, true);
  text("signature", out.signature, true);
  return right ? std::optional(out) : std::nullopt;
}

}  // namespace pgconsent::audit
