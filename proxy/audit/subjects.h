// The subject directory: numbers for data subjects, so that the log can say whose data were disclosed without
// naming anybody. A subject keeps its number until it is erased; used again, it gets another one.
//
// Thread-safe. Numbers are given in memory at once; an outcome that uses them goes to the log when they are
// durable: from the caller's thread where they are already, else from a thread of the directory's own. Nobody
// waits for an outcome, so that thread gathers for a while and syncs once for all of them. It also notices
// erasures by another process. What the file
// holds is told to the log before any number out of it is.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "proxy/audit/log.h"
#include "proxy/audit/options.h"
#include "proxy/audit/subject_digest.h"
#include "proxy/audit/subject_file.h"
#include "proxy/audit/subject_index.h"

namespace pgconsent::audit {

class SubjectDirectory {
 public:
  struct OpenResult {
    std::unique_ptr<SubjectDirectory> directory;  // null on error
    std::string error;
  };
  // In the log's folder; with Sync::off a power cut may leave numbers in the log that are nobody's. `log`
  // outlives the directory.
  static OpenResult open(const Options& options, Log& log);
  ~SubjectDirectory();

  // Of a kind of subject, as the rules name it. Negative: there are too many.
  int kind(std::string_view name);
  // 0: it has none, since the directory is full or its file can't be written at the moment.
  std::uint32_t number(int kind, const SubjectKey& key) {
    const std::uint32_t known = index_.find(static_cast<unsigned>(kind), key);
    return known != 0 ? known : assign(kind, key);
  }
  // To the log, once every number given out so far is durable. Where that can't be had, without `subjects`.
  void append(const Outcome& outcome);

  std::uint64_t size() const;  // subjects with a number
  // Waits until nothing is left to be done; for tests and the end.
  void settle();

 private:
  // An outcome that waits; owns what an Outcome only refers to.
  struct Waiting {
    explicit Waiting(const Outcome& other);
    Outcome outcome;
    std::string sqlstate;
    std::vector<std::pair<std::string, std::string>> subjects;
    std::vector<std::string> unknown;
  };

  SubjectDirectory(Options::Sync sync, Log& log) : sync_(sync), log_(log) {}
  std::string load();
  std::uint32_t assign(int kind, const SubjectKey& key);
  void refill();
  std::string_view new_blinding();
  void run();
  void commit(std::unique_lock<std::mutex>& lock);
  void append_waiting(std::vector<Waiting>& waiting, bool durable);
  void notice_erasures();
  void tell_log();
  bool settled() const { return pending_.empty() && waiting_.empty() && !committing_; }

  const Options::Sync sync_;
  Log& log_;
  // Used by the thread, and before it begins.
  SubjectFile file_;
  SubjectDigest digest_;  // of what is in the file
  std::chrono::steady_clock::time_point told_{};
  SubjectIndex index_;

  mutable std::mutex mutex_;
  std::condition_variable wake_, settled_;
  std::vector<std::string> kinds_;
  std::vector<std::uint32_t> free_;  // numbers that are reserved and not given out, in random order
  std::uint32_t reserved_ = 1;       // below it all numbers may have been given out
  bool must_sync_ = false;           // a reservation is pending: no number may mean two persons, ever
  std::string random_;               // for blindings
  std::size_t random_used_ = 0;      // bytes of it
  std::string pending_;              // entries to be written
  std::vector<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::string scratch_;
  bool committing_ = false, failing_ = false, hurries_ = false, stops_ = false;
  std::thread thread_;
};

}  // namespace pgconsent::audit
