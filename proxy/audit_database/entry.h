// Records and outcomes as values, read from the fields of a log line (proxy/audit/line.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgconsent::audit_database {

// What many records have in common: who asked what, and what was decided.
struct Shape {
  std::string database, role, application, purpose, purpose_source, decision, reason;
  std::vector<std::string> rules, basis, tables, columns;
  std::string fingerprint, statement, rules_version;
  bool operator==(const Shape&) const = default;
};

// A record line's fields. The shape stays text, which is the same for equal shapes: it is parsed once.
struct RecordFields {
  std::uint64_t session = 0, catalog = 0, duration_us = 0;
  std::string client;
  std::string shape;  // for parse_shape()
};
// Nothing when something is missing or not what it should be.
std::optional<RecordFields> parse_record(std::string_view fields);
std::optional<Shape> parse_shape(std::string_view shape);

struct Outcome {
  std::uint64_t id = 0;
  std::string time;
  std::optional<std::uint64_t> rows, cells_masked, server_us;
  std::string sqlstate;  // empty: it did not fail
  struct Subjects {
    std::string kind;
    std::string bitmap;                  // as it stands in the log, without base64
    std::vector<std::uint32_t> numbers;  // ascending
    bool operator==(const Subjects&) const = default;
  };
  bool subjects_known = false;
  std::vector<Subjects> subjects;
  std::vector<std::string> subjects_unknown;  // kinds of which there may be others
};
// Without `id` and `time`.
std::optional<Outcome> parse_outcome(std::string_view fields);

// One statement of the log: what is listed, shown and exported.
struct Entry {
  std::string time;  // RFC 3339, UTC, microseconds: as text in order of time
  std::uint64_t id = 0, session = 0, catalog = 0, duration_us = 0;
  std::string client, hash;
  Shape shape;
  std::optional<Outcome> outcome;  // none: it has not ended, or that was not recorded
};

// 2026-01-31T12:00:00.000000Z, and a time that exists?
bool is_time(std::string_view text);

}  // namespace pgconsent::audit_database
