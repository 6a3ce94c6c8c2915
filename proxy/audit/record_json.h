// One audit record, or one outcome, as a line of JSON, without its hash.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/audit/log.h"

namespace pgconsent::audit {

inline constexpr std::size_t max_statement_bytes = 64 << 10;

// RFC 3339, UTC, microseconds. Not thread-safe: remembers the last second's text.
class Timestamps {
 public:
  std::string_view format(std::chrono::system_clock::time_point time);

 private:
  std::int64_t second_ = -1;
  char text_[32] = {};
};

// {"time":…,…,"duration_us":12} with `prev` in it.
void append_record(std::string& out, const Record& record, std::string_view time, std::uint64_t id,
                   std::string_view prev);
// {"time":…,…,"outcome_of":7,…}: what is not known is left out.
void append_outcome(std::string& out, const Outcome& outcome, std::string_view time, std::uint64_t id,
                    std::string_view prev);

}  // namespace pgconsent::audit
