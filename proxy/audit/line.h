// A line of the log taken apart without a JSON parser: its fields come in a fixed order (README), and there
// are millions of lines to verify and to ship.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pgconsent::audit {

enum class LineKind {
  record,   // a statement (Record)
  outcome,  // how a recorded statement ended: `outcome_of`
  log,      // about the log itself: a segment begins, was sealed, was removed
};

// Views into the line, valid as long as it is.
struct Line {
  LineKind kind = LineKind::record;
  std::uint64_t id = 0;
  std::uint64_t outcome_of = 0;  // of an outcome: the record's id
  std::string_view time, prev;
  std::string_view hash;    // as it stands there, not checked
  std::string_view fields;  // from after `prev` to before `,"hash"`, without braces
  std::string_view text;    // the whole line, without newline
};

// Nothing when the text has not the form of a line. The hash is not checked.
std::optional<Line> parse_line(std::string_view text);

inline constexpr std::string_view hash_key = ",\"hash\":\"";
inline constexpr std::size_t hash_field_size = hash_key.size() + 64 + 2;  // with the closing "}

}  // namespace pgconsent::audit
