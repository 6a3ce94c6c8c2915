#include "proxy/audit/file_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "proxy/audit/seal.h"
#include "proxy/audit/segment_input.h"

namespace pgconsent::audit {

namespace {

constexpr std::size_t max_pending_bytes = std::size_t{64} << 20;

// "2026-11-23T17:17:52.000012Z"; the epoch when it is none.
std::chrono::system_clock::time_point parse_time(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "%d-%d-%dT%d:%d:%d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                  &parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6)
    return {};
  parts.tm_year -= 1900;
  --parts.tm_mon;
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

}  // namespace

FileLog::FileLog()
    : keeper_({[this](const LogLine& line) { return record_log_line(line); }, [this] { return head(); }}) {}

FileLog::~FileLog() {
  flush();
  keeper_.stop();
  if (writer_.joinable()) {
    stopping_ = true;
    asked_ = true;
    asked_.notify_one();
    writer_.join();
  }
  flush();
}

std::string FileLog::open(const Options& options) {
  options_ = options;
  if (std::string error = file_.open(options.directory); !error.empty()) return error;
  if (std::string error = keeper_.open(options); !error.empty()) return error;
  end_.hash.fill('0');
  std::string torn;
  if (std::string error = find_end(torn); !error.empty()) return error;
  if (!torn.empty() && !file_.cut(file_.size() - torn.size()))
    return "can't cut a torn line off the audit file";
  written_ = first_ = end_.id;
  learn_age();
  if (file_.size() == 0 && segment_ > 1) append_log_line(segment_begins(segment_));
  if (!torn.empty()) append_own("a torn last line of " + std::to_string(torn.size()) + " bytes was cut off");
  if (!flush()) return "can't write the audit file in " + options.directory.string();
  if (options.sync == Options::Sync::always) writer_ = std::thread([this] { run(); });
  keeper_.start();
  return {};
}

// Where the chain goes on, and the number of the current segment.
std::string FileLog::find_end(std::string& torn) {
  const SegmentList list = list_segments(options_.directory);
  if (!list.error.empty()) return list.error;
  segment_ = list.files.empty() ? 1 : list.files.back().number;
  std::optional<std::string> last_line;
  if (std::string error = file_.read_end(last_line, torn); !error.empty()) return error;
  if (last_line) {
    auto end = read_line(*last_line, hasher_);
    if (!end)
      return "the last line of the audit file in " + options_.directory.string() +
             " is not a record with a right hash";
    end_ = *end;
    head_ = {segment_, end_.id, std::string(view(end_.hash))};
    return {};
  }
  return segment_ > 1 ? end_of_segment_before() : std::string();
}

// The current segment has no line yet.
std::string FileLog::end_of_segment_before() {
  const SegmentList list = list_segments(options_.directory);
  const SegmentFile& before = list.files[list.files.size() - 2];
  std::string hash;
  if (is_sealed(before)) {
    auto [seal, error] = read_seal(before);
    if (!error.empty()) return error;
    end_.id = seal->last;
    hash = seal->last_hash;
    if (hash.size() == end_.hash.size()) std::copy(hash.begin(), hash.end(), end_.hash.begin());
  } else {
    std::optional<std::string> last_line;
    std::string torn;
    const int fd = ::open(before.path.c_str(), O_RDONLY | O_CLOEXEC);
    const std::string error =
        fd < 0 ? "can't read " + before.path.string() : read_file_end(fd, last_line, torn);
    if (fd >= 0) ::close(fd);
    if (!error.empty()) return error;
    const auto end = last_line && torn.empty() ? read_line(*last_line, hasher_) : std::nullopt;
    if (!end) return "the last line of " + before.path.string() + " is not a record with a right hash";
    end_ = *end;
  }
  head_ = {before.number, end_.id, std::string(view(end_.hash))};
  return {};
}

// How old the current segment is, by its first line. A clock that was set back makes it young, not immortal.
void FileLog::learn_age() {
  if (options_.segment_age.count() == 0) return;
  segment_ends_ = Clock::now() + options_.segment_age;
  SegmentInput input;
  std::string_view text;
  if (!input.open({segment_, SegmentFile::Form::current, options_.directory / current_name}) ||
      input.next(text) != SegmentInput::Status::line)
    return;
  const auto line = parse_line(text);
  if (!line) return;
  const auto age = std::chrono::system_clock::now() - parse_time(line->time);
  if (age.count() > 0) segment_ends_ -= std::min<Clock::duration>(age, options_.segment_age);
}

// `write` appends the line, up to its closing brace. REQUIRES: appending_, or that no other thread has the
// log.
template <typename Write>
bool FileLog::append_line(Write&& write) {
  std::size_t start = pending_.size();
  if (start == 0) oldest_ = Clock::now();
  write(timestamps_.format(std::chrono::system_clock::now()));
  HexHash hash;
  if (!hasher_.hash(std::string_view(pending_).substr(start), hash)) {
    pending_.resize(start);
    if (healthy_.exchange(false)) ++interruptions_;
    return false;
  }
  append_hash(pending_, hash);
  end_ = {end_.id + 1, hash};
  return true;
}

void FileLog::write_log_line(const LogLine& line, std::string_view time) {
  pending_.append("{\"time\":\"").append(time).append("\",\"id\":").append(std::to_string(end_.id + 1));
  pending_.append(",\"prev\":\"").append(view(end_.hash)).append("\",");
  audit::append_log_line(pending_, line);
  pending_.push_back('}');
}

bool FileLog::append_log_line(const LogLine& line) {
  return append_line([&](std::string_view time) { write_log_line(line, time); });
}

// What happened to the log itself.
void FileLog::append_own(std::string_view reason) {
  Record record;
  record.decision = "failed";
  record.reason = reason;
  append_line(
      [&](std::string_view time) { append_record(pending_, record, time, end_.id + 1, view(end_.hash)); });
}

template <typename Write>
std::uint64_t FileLog::append_unless_full(Write&& write) {
  std::lock_guard lock(appending_);
  if (pending_.size() > max_pending_bytes && !healthy()) {
    ++dropped_;
    ++lost_;
    return never;
  }
  return append_line(write) ? end_.id : never;
}

std::uint64_t FileLog::append(const Record& record) {
  const std::uint64_t id = append_unless_full(
      [&](std::string_view time) { append_record(pending_, record, time, end_.id + 1, view(end_.hash)); });
  // While the server works on the statement, the disk works on its record.
  if (options_.sync == Options::Sync::always) start_flush();
  return id;
}

// Nobody waits for it: it goes out with the next record, or with the housekeeping.
std::uint64_t FileLog::append(const Outcome& outcome) {
  return append_unless_full(
      [&](std::string_view time) { append_outcome(pending_, outcome, time, end_.id + 1, view(end_.hash)); });
}

std::uint64_t FileLog::append(const LogLine& line) {
  return append_unless_full([&](std::string_view time) { write_log_line(line, time); });
}

// Of the keeper's thread.
bool FileLog::record_log_line(const LogLine& line) {
  {
    std::lock_guard lock(appending_);
    if (!healthy() || !append_log_line(line)) return false;
  }
  return flush();
}

Keeper::Host::Head FileLog::head() const {
  std::lock_guard lock(appending_);
  return head_;
}

// What write_group() has in hand is pending until all of it is in the file.
Log::Statistics FileLog::statistics() const {
  std::lock_guard lock(appending_);
  Statistics now;
  const std::uint64_t written = written_.load(std::memory_order_acquire);
  now.records = end_.id - first_;
  now.lost = lost_;
  now.interruptions = interruptions_.load();
  now.pending_records = end_.id - std::min(end_.id, written);
  const bool group = written < group_last_;
  now.pending_bytes = pending_.size() + (group ? group_bytes_ : 0);
  if (now.pending_records > 0) now.lag = Clock::now() - (group ? group_oldest_ : oldest_);
  return now;
}

}  // namespace pgconsent::audit
