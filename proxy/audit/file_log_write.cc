// Groups on their way to the disk: everything that was appended goes out with one write(2) and, if asked for,
// one fdatasync(2); meanwhile the next group comes together. A segment ends between two groups.
#include "proxy/audit/file_log.h"

namespace pgconsent::audit {

namespace {
constexpr std::size_t kept_capacity = std::size_t{1} << 20;
constexpr std::chrono::seconds rotation_retry{5};
}  // namespace

bool FileLog::wants_rotation() const {
  const auto now = Clock::now();
  return file_.size() > 0 && now >= no_rotation_before_ &&
         (file_.size() >= options_.segment_bytes || now >= segment_ends_);
}

// REQUIRES: writing_, and that no group is in hand.
void FileLog::take_group() {
  bool ends_segment = wants_rotation();
  if (ends_segment && !file_.prepare_next()) {
    no_rotation_before_ = Clock::now() + rotation_retry;
    ends_segment = false;
  }
  std::lock_guard lock(appending_);
  if (dropped_ > 0) {
    append_own(std::to_string(dropped_) + " records were lost: the audit file could not be written");
    dropped_ = 0;
  }
  group_.swap(pending_);
  group_oldest_ = oldest_;
  group_bytes_ = group_.size();
  group_last_ = end_.id;
  group_end_ = end_;
  group_done_ = 0;
  group_begin_ = file_.size();
  if (!ends_segment) return;
  // The first line of the next group, which goes to the next segment.
  rotating_ = append_log_line(segment_begins(segment_ + 1));
}

// After a failed fdatasync nobody knows what is on the disk, and a second one may say that all is well: the
// bytes are written again.
bool FileLog::undo_group() {
  must_cut_ = !file_.cut(group_begin_);
  if (!must_cut_) group_done_ = 0;
  return false;
}

bool FileLog::write_group() {
  if (must_cut_) undo_group();
  if (must_cut_) return false;
  if (group_.empty()) return true;
  while (group_done_ < group_.size()) {
    std::int64_t n = file_.write(std::string_view(group_).substr(group_done_));
    if (n <= 0) return false;
    group_done_ += static_cast<std::size_t>(n);
  }
  if (options_.sync == Options::Sync::always && !file_.sync()) return undo_group();
  group_.clear();
  if (group_.capacity() > kept_capacity) group_.shrink_to_fit();
  {
    std::lock_guard lock(appending_);
    head_.segment = segment_;
    head_.id = group_end_.id;
    head_.hash.assign(view(group_end_.hash));
  }
  written_.store(group_last_);
  return true;
}

bool FileLog::rotate() {
  if (!file_.rotate(segment_)) return false;
  rotating_ = false;
  ++segment_;
  segment_ends_ =
      options_.segment_age.count() == 0 ? Clock::time_point::max() : Clock::now() + options_.segment_age;
  keeper_.wake();
  return true;
}

// REQUIRES: writing_
bool FileLog::flush_groups() {
  // What an earlier flush left comes first; a second turn takes what was appended since, or what a new
  // segment begins with.
  for (int turn = 0; turn < 2; ++turn) {
    if (group_.empty() && !rotating_) take_group();
    if (group_.empty() && !rotating_) break;
    const bool ends_segment = rotating_;
    if (!write_group() || (ends_segment && !rotate())) {
      if (healthy_.exchange(false)) ++interruptions_;
      return false;
    }
    if (healthy() && !ends_segment) return true;
  }
  healthy_.store(true, std::memory_order_release);
  return true;
}

bool FileLog::flush() {
  std::lock_guard lock(writing_);
  return flush_groups();
}

void FileLog::start_flush() {
  if (options_.sync == Options::Sync::off) {
    flush();
    return;
  }
  if (asked_.load(std::memory_order_relaxed) || asked_.exchange(true)) return;
  asked_.notify_one();
}

void FileLog::on_progress(std::function<void()> listener) {
  std::lock_guard lock(listening_);
  listener_ = std::move(listener);
}

// The writer's thread.
void FileLog::run() {
  while (!stopping_) {
    asked_.wait(false);
    asked_.store(false);
    flush();
    std::lock_guard lock(listening_);
    if (listener_) listener_();
  }
}

}  // namespace pgconsent::audit
