#include "proxy/audit/log.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <type_traits>

#include "proxy/audit/chain.h"
#include "proxy/audit/file.h"
#include "proxy/audit/record_json.h"

namespace pgconsent::audit {

namespace {

constexpr std::size_t max_pending_bytes = std::size_t{64} << 20;
constexpr std::size_t kept_capacity = std::size_t{1} << 20;
constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

class FileLog : public Log {
 public:
  std::string open(const std::filesystem::path& directory);
  ~FileLog() override { flush(); }

  std::uint64_t append(const Record& record) override { return append_any(record); }
  std::uint64_t append(const Outcome& outcome) override { return append_any(outcome); }
  bool written(std::uint64_t sequence) const override {
    return sequence <= written_.load(std::memory_order_acquire);
  }
  bool flush() override;
  Statistics statistics() const override;
  bool healthy() const override { return healthy_.load(std::memory_order_acquire); }

 private:
  bool write_group();
  template <typename Line>
  std::uint64_t append_any(const Line& line);
  template <typename Line>
  bool append_locked(const Line& line);
  void append_own(std::string_view reason);

  std::mutex writing_;  // taken before appending_; held during write(2), so that appends go on meanwhile
  File file_;
  std::string group_;           // taken out of pending_, not yet wholly in the file
  std::size_t group_done_ = 0;  // bytes of group_ that are in the file
  // Changed under both mutexes: the sequence of its last record, its size, when its first came.
  std::uint64_t group_last_ = 0, group_bytes_ = 0;
  std::chrono::steady_clock::time_point group_oldest_{};

  mutable std::mutex appending_;
  std::string pending_;
  Hasher hasher_;
  Timestamps timestamps_;
  ChainEnd end_;  // of the last record appended; its id is the sequence number too
  std::uint64_t dropped_ = 0;
  std::uint64_t first_ = 0, lost_ = 0;  // the last record of the process before; all that was dropped
  std::chrono::steady_clock::time_point oldest_{};  // when the first of the pending group came

  std::atomic<std::uint64_t> written_{0};
  std::atomic<bool> healthy_{true};
};

std::string FileLog::open(const std::filesystem::path& directory) {
  if (std::string error = file_.open(directory); !error.empty()) return error;
  std::optional<std::string> last_line;
  std::string torn;
  if (std::string error = file_.read_end(last_line, torn); !error.empty()) return error;
  end_.hash.fill('0');
  if (last_line) {
    auto end = read_line(*last_line, hasher_);
    if (!end)
      return "the last line of the audit file in " + directory.string() +
             " is not a record with a right hash";
    end_ = *end;
  }
  if (!torn.empty() && !file_.cut(torn.size())) return "can't cut a torn line off the audit file";
  written_ = first_ = end_.id;
  if (!torn.empty()) append_own("a torn last line of " + std::to_string(torn.size()) + " bytes was cut off");
  if (!flush()) return "can't write the audit file in " + directory.string();
  return {};
}

template <typename Line>
bool FileLog::append_locked(const Line& line) {
  std::size_t start = pending_.size();
  if (start == 0) oldest_ = std::chrono::steady_clock::now();
  const std::string_view time = timestamps_.format(std::chrono::system_clock::now());
  if constexpr (std::is_same_v<Line, Record>) {
    append_record(pending_, line, time, end_.id + 1, view(end_.hash));
  } else {
    append_outcome(pending_, line, time, end_.id + 1, view(end_.hash));
  }
  HexHash hash;
  if (!hasher_.hash(std::string_view(pending_).substr(start), hash)) {
    pending_.resize(start);
    healthy_ = false;
    return false;
  }
  append_hash(pending_, hash);
  end_ = {end_.id + 1, hash};
  return true;
}

// What happened to the log itself. REQUIRES: appending_, or that no other thread has the log yet.
void FileLog::append_own(std::string_view reason) {
  Record record;
  record.decision = "failed";
  record.reason = reason;
  append_locked(record);
}

template <typename Line>
std::uint64_t FileLog::append_any(const Line& line) {
  std::lock_guard lock(appending_);
  if (pending_.size() > max_pending_bytes && !healthy()) {
    ++dropped_;
    ++lost_;
    return never;
  }
  return append_locked(line) ? end_.id : never;
}

// What write_group() has in hand is pending until all of it is in the file.
Log::Statistics FileLog::statistics() const {
  std::lock_guard lock(appending_);
  Statistics now;
  const std::uint64_t written = written_.load(std::memory_order_acquire);
  now.records = end_.id - first_;
  now.lost = lost_;
  now.pending_records = end_.id - std::min(end_.id, written);
  const bool group = written < group_last_;
  now.pending_bytes = pending_.size() + (group ? group_bytes_ : 0);
  if (now.pending_records > 0) now.lag = std::chrono::steady_clock::now() - (group ? group_oldest_ : oldest_);
  return now;
}

bool FileLog::write_group() {
  while (group_done_ < group_.size()) {
    std::int64_t n = file_.write(std::string_view(group_).substr(group_done_));
    if (n <= 0) return false;
    group_done_ += static_cast<std::size_t>(n);
  }
  group_.clear();
  if (group_.capacity() > kept_capacity) group_.shrink_to_fit();
  group_done_ = 0;
  written_.store(group_last_, std::memory_order_release);
  return true;
}

bool FileLog::flush() {
  std::lock_guard lock(writing_);
  // What an earlier flush left comes first; a second turn takes what was appended since.
  for (int turn = 0; turn < 2; ++turn) {
    if (group_.empty()) {
      std::lock_guard append_lock(appending_);
      if (dropped_ > 0) {
        append_own(std::to_string(dropped_) + " records were lost: the audit file could not be written");
        dropped_ = 0;
      }
      group_.swap(pending_);
      group_oldest_ = oldest_;
      group_bytes_ = group_.size();
      group_last_ = end_.id;
    }
    if (group_.empty()) break;
    if (!write_group()) {
      healthy_.store(false, std::memory_order_release);
      return false;
    }
    if (healthy()) return true;
  }
  healthy_.store(true, std::memory_order_release);
  return true;
}

}  // namespace

Log::OpenResult Log::open(const std::filesystem::path& directory) {
  auto log = std::make_unique<FileLog>();
  std::string error = log->open(directory);
  if (!error.empty()) return {nullptr, std::move(error)};
  return {std::move(log), {}};
}

}  // namespace pgconsent::audit
