#include "proxy/audit/log_line.h"

#include "proxy/audit/json_fields.h"
#include "proxy/audit/json_text.h"
#include "proxy/audit/segments.h"

namespace pgconsent::audit {

namespace {

constexpr std::string_view kinds[] = {"segment", "sealed", "removed", "subjects"};

void append_subjects(std::string& out, const LogLine& line) {
  append_field(out, ",\"bytes\":", line.bytes);
  append_field(out, ",\"digest\":", line.digest);
  append_field(out, ",\"erased\":", line.erased);
  append_field(out, ",\"erased_digest\":", line.erased_digest);
}

}  // namespace

LogLine segment_begins(std::uint64_t number) {
  LogLine line;
  line.segment = number;
  line.format = format_version;
  return line;
}

void append_log_line(std::string& out, const LogLine& line) {
  append_field(out, "\"log\":", kinds[static_cast<std::size_t>(line.kind)]);
  if (line.kind == LogLine::Kind::subjects) return append_subjects(out, line);
  append_field(out, ",\"segment\":", line.segment);
  if (line.kind == LogLine::Kind::segment) return append_field(out, ",\"format\":", line.format);
  append_field(out, ",\"first\":", line.first);
  append_field(out, ",\"last\":", line.last);
  append_field(out, ",\"last_hash\":", line.last_hash);
  append_field(out, ",\"merkle\":", line.merkle);
  if (line.kind == LogLine::Kind::sealed) return;
  append_field(out, ",\"reason\":", line.reason);
  if (line.signature.empty()) return;
  append_field(out, ",\"key\":", line.key);
  append_field(out, ",\"signature\":", line.signature);
}

std::optional<LogLine> parse_log_line(const Line& line) {
  if (line.kind != LineKind::log) return {};
  const JsonFields fields("{" + std::string(line.fields) + "}");
  if (!fields.is_object()) return {};
  LogLine out;
  std::string kind;
  if (!fields.take("log", kind)) return {};
  if (kind == kinds[3]) {
    out.kind = LogLine::Kind::subjects;
    const bool right = fields.take("bytes", out.bytes) && fields.take("digest", out.digest) &&
                       fields.take("erased", out.erased) && fields.take("erased_digest", out.erased_digest);
    return right ? std::optional(out) : std::nullopt;
  }
  if (!fields.take("segment", out.segment)) return {};
  if (kind == kinds[0]) return fields.take("format", out.format) ? std::optional(out) : std::nullopt;
  if (kind != kinds[1] && kind != kinds[2]) return {};
  out.kind = kind == kinds[1] ? LogLine::Kind::sealed : LogLine::Kind::removed;
  const bool removed = out.kind == LogLine::Kind::removed;
  const auto optional = [&](const char* name, std::string& value) {
    return !fields.has(name) || fields.take(name, value);
  };
  const bool right = fields.take("first", out.first) && fields.take("last", out.last) &&
                     fields.take("last_hash", out.last_hash) && fields.take("merkle", out.merkle) &&
                     (!removed || fields.take("reason", out.reason)) && optional("key", out.key) &&
                     optional("signature", out.signature);
  return right ? std::optional(out) : std::nullopt;
}

}  // namespace pgconsent::audit
