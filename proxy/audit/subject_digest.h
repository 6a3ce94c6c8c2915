// What the chain says of the subject directory's file, so that nobody can give a number of the log to another
// person: a hash over the entries in their order, which stays the same where one is erased, and which ones
// were.
//
// Each entry counts with the first 12 bytes of its SHA-256 (its leaf). An erased entry holds them in place of
// 12 random bytes that were part of what they are the hash of: whose entry it was can't be tried out.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/audit/chain.h"
#include "proxy/audit/log_line.h"
#include "proxy/audit/subject_file.h"

namespace pgconsent::audit {

class SubjectDigest {
 public:
  // The next entry of the file, which lies at this byte. What an older version wrote is not covered.
  void add(const SubjectEntry& entry, std::uint64_t at);
  // A new set of erased entries, from add() alone: the rest is kept.
  void forget_erased() { erased_.clear(); }
  void add_erased(const SubjectEntry& entry, std::uint64_t at);

  std::uint64_t bytes() const { return bytes_; }  // behind the last entry; 0: none was added
  std::uint64_t uncovered() const { return uncovered_; }
  std::string hex() const { return to_hex(value_); }
  const std::vector<std::uint64_t>& erased() const { return erased_; }
  std::string erased_hex();
  LogLine line();

 private:
  Hasher hasher_;
  Digest value_{};
  std::uint64_t bytes_ = 0, uncovered_ = 0;
  std::vector<std::uint64_t> erased_;  // where they lie
  std::string scratch_;
};

}  // namespace pgconsent::audit
