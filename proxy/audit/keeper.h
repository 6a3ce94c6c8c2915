// What happens to segments that are not written to any more, on a thread of its own and at low priority: they
// are sealed, compressed and one day removed; checkpoints are written. Private to proxy/audit.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "proxy/audit/checkpoint.h"
#include "proxy/audit/log_line.h"
#include "proxy/audit/options.h"
#include "proxy/audit/seal.h"
#include "proxy/audit/signing.h"

namespace pgconsent::audit {

class Keeper {
 public:
  // What it needs of the log; thread-safe.
  struct Host {
    // Appends the line and has it on disk. False: it can't be written now.
    std::function<bool(const LogLine&)> record;
    struct Head {
      std::uint64_t segment = 0, id = 0;  // 0: nothing is written
      std::string hash;
    };
    std::function<Head()> head;  // the last line that is written
  };

  explicit Keeper(Host host) : host_(std::move(host)) {}
  ~Keeper() { stop(); }
  // An error text, empty when fine.
  std::string open(const Options& options);
  void start();
  // A last checkpoint, then ends.
  void stop();
  // Any thread: a segment was closed.
  void wake();
  void keep_from(std::uint64_t id) { keep_from_ = id; }
  std::string problem() const;

  // One round of all there is to do; the thread's own, public for tests that have not started it.
  void work();

 private:
  void run();
  std::string seal_all();
  std::string seal(const SegmentFile& file, const SegmentFile& next);
  std::string remove_old();
  std::string remove(const SegmentFile& file, const Seal& seal);
  std::string write_checkpoint(std::uint64_t segment, std::uint64_t id, const std::string& hash,
                               const std::string& merkle);
  std::string regular_checkpoint(bool now);

  Host host_;
  Options options_;
  Key key_;
  std::atomic<std::uint64_t> keep_from_{~std::uint64_t{0}};
  std::uint64_t checked_id_ = 0;  // of the last checkpoint
  std::chrono::steady_clock::time_point next_checkpoint_{};

  mutable std::mutex mutex_;
  std::condition_variable wake_up_;
  bool stopping_ = false, work_waits_ = false;
  std::string problem_;
  std::thread thread_;
};

}  // namespace pgconsent::audit
