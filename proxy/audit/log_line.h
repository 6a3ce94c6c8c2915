// Lines of the log about the log itself, chained like records:
// {"time":…,"id":…,"prev":…,"log":KIND,…,"hash":…}.
//   segment   first line of every segment but the first: its number and format
//   sealed    a segment before was closed for good: its ids, its last hash, the Merkle root over its lines
//   removed   retention took a whole segment away: the same, why, and a signature where there is a key
//   subjects  what the subject directory's file holds up to a byte (subject_digest.h), before any number of
//   it
//             is used; how many of its entries are erased, and which
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proxy/audit/line.h"

namespace pgconsent::audit {

struct LogLine {
  enum class Kind { segment, sealed, removed, subjects };
  Kind kind = Kind::segment;
  std::uint64_t segment = 0;
  std::uint64_t format = 0;             // segment
  std::uint64_t first = 0, last = 0;    // sealed, removed: ids
  std::string last_hash, merkle;        // likewise; lower-case hex
  std::string reason;                   // removed
  std::string key, signature;           // removed; empty: not signed (signing.h)
  std::uint64_t bytes = 0, erased = 0;  // subjects
  std::string digest, erased_digest;    // likewise; lower-case hex
};

LogLine segment_begins(std::uint64_t number);

// Appends the fields from `"log"` on, without braces; a signature only if there is one.
void append_log_line(std::string& out, const LogLine& line);
// Nothing when the line is not of this kind, or a later version's.
std::optional<LogLine> parse_log_line(const Line& line);

}  // namespace pgconsent::audit
