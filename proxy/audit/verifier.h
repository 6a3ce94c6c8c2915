// The state of one verification. Private to proxy/audit: verify.cc drives it, verifier.cc holds the lines
// against each other.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/audit/chain.h"
#include "proxy/audit/checkpoint.h"
#include "proxy/audit/log_line.h"
#include "proxy/audit/merkle.h"
#include "proxy/audit/seal.h"
#include "proxy/audit/segment_input.h"
#include "proxy/audit/verify.h"
#include "proxy/audit/verify_subjects.h"

namespace pgconsent::audit {

class Verifier {
 public:
  explicit Verifier(VerifyResult& result) : result_(result) {}
  // An error text, empty when fine.
  std::string load_key(const std::filesystem::path& file) { return key_.load(file); }
  void load_checkpoints(const std::filesystem::path& directory);
  enum class Then {
    again,  // what was listed is called otherwise by now: rotated, compressed or removed
    next,   // a segment may follow
    stop,   // all that was there: what is written now is not part of this verification
  };
  // `is_last`: no segment followed when it was listed.
  Then check(const SegmentFile& file, bool is_last);
  void finish();
  SubjectsCheck& subjects() { return subjects_; }

 private:
  // Of a segment's lines, as far as they could be read.
  struct Extent {
    std::uint64_t first = 0, last = 0, lines = 0;
    std::string last_hash, last_time, merkle;
  };
  Then check_lines(SegmentInput& input, bool is_last);
  void check_line(std::string_view text);
  void check_order(const Line& line);
  void check_log_line(const Line& line);
  void check_checkpoints(const Line& line);
  void check_seal(const SegmentFile& file);
  void check_end(const SegmentInput& input, bool is_last);
  void check_sealed();
  void check_removed();
  void check_start();
  void check_unseen_checkpoints();
  void finding(std::string what, std::uint64_t line = 0, std::uint64_t id = 0);

  VerifyResult& result_;
  Key key_;
  Hasher hasher_;
  struct Known {
    Checkpoint checkpoint;
    std::string file;
    bool seen = false;
  };
  std::multimap<std::uint64_t, Known> checkpoints_;  // by id
  std::map<std::uint64_t, Extent> extents_;          // by segment
  SubjectsCheck subjects_;
  std::map<std::uint64_t, LogLine> sealed_, removed_;  // what lines say, by segment
  SegmentFile file_;                                   // being read
  Extent extent_;
  MerkleTree tree_;
  std::uint64_t line_ = 0;
  bool started_ = false, gap_unknown_ = false;  // gap_unknown_: the line before could not be read
  std::string first_prev_;                      // of the first line of all
  std::string previous_;                        // the hash that the next line must go on from
};

}  // namespace pgconsent::audit
