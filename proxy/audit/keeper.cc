#include "proxy/audit/keeper.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "proxy/audit/line.h"
#include "proxy/audit/output_file.h"
#include "proxy/audit/record_json.h"
#include "proxy/audit/segment_input.h"

namespace pgconsent::audit {

namespace {

constexpr std::chrono::milliseconds round_interval{1000};
constexpr int low_priority = 10;

std::string now_text() {
  Timestamps timestamps;
  return std::string(timestamps.format(std::chrono::system_clock::now()));
}

// The hash that the next segment's first line goes on from; empty when it has none yet.
// Empty while its first line is not there, or where another segment has taken the name since it was listed.
std::string hash_before(const SegmentFile& next) {
  SegmentInput input;
  std::string_view text;
  if (!input.open(next) || input.next(text) != SegmentInput::Status::line) return {};
  const auto line = parse_line(text);
  const auto begins = line ? parse_log_line(*line) : std::nullopt;
  const bool fits = begins && begins->kind == LogLine::Kind::segment && begins->segment == next.number;
  return fits ? std::string(line->prev) : std::string();
}

}  // namespace

std::string Keeper::open(const Options& options) {
  options_ = options;
  if (options.hold_removal) keep_from_ = 0;
  if (!options.signing_key.empty()) {
    if (std::string error = key_.load(options.signing_key); !error.empty())
      return "audit.signing_key: " + error;
    if (!key_.is_private()) return "audit.signing_key: " + options.signing_key.string() + " is a public key";
  }
  if (!options.checkpoint_directory.empty() && !std::filesystem::is_directory(options.checkpoint_directory))
    return "audit.checkpoint_directory: " + options.checkpoint_directory.string() + " is not a directory";
  next_checkpoint_ = std::chrono::steady_clock::now();  // the first one soon: a log that is signed says so
  return {};
}

void Keeper::start() {
  thread_ = std::thread([this] { run(); });
}

void Keeper::stop() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_up_.notify_one();
  thread_.join();
}

void Keeper::wake() {
  {
    std::lock_guard lock(mutex_);
    work_waits_ = true;
  }
  wake_up_.notify_one();
}

std::string Keeper::problem() const {
  std::lock_guard lock(mutex_);
  return problem_;
}

void Keeper::run() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), low_priority);
  for (;;) {
    work();
    std::unique_lock lock(mutex_);
    wake_up_.wait_for(lock, round_interval, [&] { return stopping_ || work_waits_; });
    work_waits_ = false;
    if (stopping_) break;
  }
  regular_checkpoint(true);
}

void Keeper::work() {
  std::string problem;
  try {
    problem = seal_all();
    if (problem.empty()) problem = remove_old();
    if (std::string error = regular_checkpoint(false); problem.empty()) problem = std::move(error);
  } catch (const std::exception& e) {  // out of memory
    problem = e.what();
  }
  std::lock_guard lock(mutex_);
  problem_ = std::move(problem);
}

std::string Keeper::seal_all() {
  const SegmentList list = list_segments(options_.directory);
  std::string problem = list.error;
  for (std::size_t i = 0; i + 1 < list.files.size(); ++i) {
    if (is_sealed(list.files[i])) continue;
    std::string error = seal(list.files[i], list.files[i + 1]);
    if (problem.empty()) problem = std::move(error);
  }
  return problem;
}

std::string Keeper::seal(const SegmentFile& file, const SegmentFile& next) {
  const std::string last_hash = hash_before(next);
  if (last_hash.empty()) return {};  // next time
  auto [seal, error] = seal_segment(file, last_hash, options_.compress);
  if (!seal) {
    drop_unfinished(file);  // the disk may be full
    return error;
  }
  LogLine line;
  line.kind = LogLine::Kind::sealed;
  line.segment = file.number;
  line.first = seal->first;
  line.last = seal->last;
  line.last_hash = seal->last_hash;
  line.merkle = seal->merkle;
  if (!host_.record(line)) return "the log can't be written";
  // After a crash here it is sealed once more, and recorded once more.
  if (error = publish_seal(file, options_.compress); !error.empty()) return error;
  return write_checkpoint(file.number, seal->last, seal->last_hash, seal->merkle);
}

std::string Keeper::remove_old() {
  if (options_.retention.count() == 0) return {};
  const auto limit = std::chrono::system_clock::now() - options_.retention;
  Timestamps timestamps;
  const std::string oldest(timestamps.format(limit));
  for (const SegmentFile& file : list_segments(options_.directory).files) {
    if (!is_sealed(file)) return {};
    auto [seal, error] = read_seal(file);
    if (!error.empty()) return error;
    if (seal->last_time >= oldest || seal->last >= keep_from_) return {};
    if (error = remove(file, *seal); !error.empty()) return error;
  }
  return {};
}

std::string Keeper::remove(const SegmentFile& file, const Seal& seal) {
  LogLine line;
  line.kind = LogLine::Kind::removed;
  line.segment = file.number;
  line.first = seal.first;
  line.last = seal.last;
  line.last_hash = seal.last_hash;
  line.merkle = seal.merkle;
  line.reason = fmt::format("retention of {} s", options_.retention.count() / 1000);
  if (key_) {
    line.key = key_.id();
    line.signature = key_.sign(
        removal_text(line.segment, line.first, line.last, line.last_hash, line.merkle, line.reason));
    if (line.signature.empty()) return "OpenSSL can't sign";
  }
  if (!host_.record(line)) return "the log can't be written";
  std::error_code error;
  std::filesystem::remove(file.path, error);
  if (!error && file.form == SegmentFile::Form::plain) std::filesystem::remove(seal_path(file), error);
  if (error) return "can't remove " + file.path.string() + ": " + error.message();
  return sync_directory(options_.directory);
}

std::string Keeper::regular_checkpoint(bool now) {
  const auto time = std::chrono::steady_clock::now();
  if (!now && time < next_checkpoint_) return {};
  const Host::Head head = host_.head();
  if (head.id <= checked_id_) return {};
  if (std::string error = write_checkpoint(head.segment, head.id, head.hash, {}); !error.empty())
    return error;
  next_checkpoint_ = time + options_.checkpoint_interval;
  return {};
}

std::string Keeper::write_checkpoint(std::uint64_t segment, std::uint64_t id, const std::string& hash,
                                     const std::string& merkle) {
  const std::string line = checkpoint_line({now_text(), segment, id, hash, merkle, {}, {}}, key_);
  if (line.empty()) return "OpenSSL can't sign";
  std::string error = append_checkpoint(options_.directory, line);
  if (!options_.checkpoint_directory.empty()) {
    std::string other = append_checkpoint(options_.checkpoint_directory, line);
    if (error.empty()) error = std::move(other);
  }
  if (error.empty()) checked_id_ = std::max(checked_id_, id);
  return error;
}

}  // namespace pgconsent::audit
