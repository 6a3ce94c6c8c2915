// The log on files. Private to proxy/audit. file_log.cc: opening and appending; file_log_write.cc: writing.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>

#include "proxy/audit/chain.h"
#include "proxy/audit/file.h"
#include "proxy/audit/keeper.h"
#include "proxy/audit/log.h"
#include "proxy/audit/record_json.h"

namespace pgconsent::audit {

class FileLog : public Log {
 public:
  FileLog();
  ~FileLog() override;
  std::string open(const Options& options);

  std::uint64_t append(const Record& record) override;
  std::uint64_t append(const Outcome& outcome) override;
  std::uint64_t append(const LogLine& line) override;
  bool written(std::uint64_t sequence) const override { return sequence <= written_.load(); }
  bool flush() override;
  void start_flush() override;
  void on_progress(std::function<void()> listener) override;
  Statistics statistics() const override;
  bool healthy() const override { return healthy_.load(std::memory_order_acquire); }
  std::string problem() const override { return keeper_.problem(); }
  void keep_from(std::uint64_t id) override { keeper_.keep_from(id); }

 private:
  using Clock = std::chrono::steady_clock;

  // file_log.cc
  std::string find_end(std::string& torn);
  std::string end_of_segment_before();
  void learn_age();
  template <typename Write>
  bool append_line(Write&& write);
  template <typename Write>
  std::uint64_t append_unless_full(Write&& write);
  void write_log_line(const LogLine& line, std::string_view time);
  bool append_log_line(const LogLine& line);
  void append_own(std::string_view reason);
  bool record_log_line(const LogLine& line);
  Keeper::Host::Head head() const;

  // file_log_write.cc
  bool flush_groups();
  void take_group();
  bool write_group();
  bool undo_group();
  bool wants_rotation() const;
  bool rotate();
  void run();

  Options options_;

  std::mutex writing_;  // taken before appending_; held during write(2), so that appends go on meanwhile
  File file_;
  std::string group_;              // taken out of pending_, not yet wholly in the file
  std::size_t group_done_ = 0;     // bytes of group_ that are in the file
  std::uint64_t group_begin_ = 0;  // where it begins in the file
  bool must_cut_ = false;  // what follows group_begin_ is not known to be on disk and is written again
  bool rotating_ = false;  // the group is the last of its segment
  std::uint64_t segment_ = 1;
  Clock::time_point segment_ends_ = Clock::time_point::max();  // by its age
  Clock::time_point no_rotation_before_{};                     // after one that was not possible
  // Changed under both mutexes: the sequence of its last record, its size, when its first came.
  std::uint64_t group_last_ = 0, group_bytes_ = 0;
  Clock::time_point group_oldest_{};
  ChainEnd group_end_;  // of its last line

  mutable std::mutex appending_;
  std::string pending_;
  Hasher hasher_;
  Timestamps timestamps_;
  ChainEnd end_;  // of the last record appended; its id is the sequence number too
  std::uint64_t dropped_ = 0;
  std::uint64_t first_ = 0, lost_ = 0;  // the last record of the process before; all that was dropped
  Clock::time_point oldest_{};          // when the first of the pending group came
  Keeper::Host::Head head_;             // the last line that is written

  std::atomic<std::uint64_t> written_{0};
  std::atomic<bool> healthy_{true};
  std::atomic<std::uint64_t> interruptions_{0};

  std::mutex listening_;
  std::function<void()> listener_;
  std::atomic<bool> asked_{false};  // something is to be written, or stopping_
  std::atomic<bool> stopping_{false};
  std::thread writer_;  // with Sync::always
  Keeper keeper_;
};

}  // namespace pgconsent::audit
