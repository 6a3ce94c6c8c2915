#include "proxy/audit/subjects.h"

#include <openssl/rand.h>

#include <algorithm>
#include <random>
#include <utility>

namespace pgconsent::audit {

namespace {

// As many numbers as a container of a Roaring bitmap has. They are given out in random order, so that
// neighbours do not tell whom a number that was erased stood for.
constexpr std::uint32_t window = 1u << 16;
constexpr std::size_t max_subjects = 40'000'000;
constexpr std::size_t blindings_at_once = 256;
constexpr std::size_t max_pending = std::size_t{64} << 20, max_waiting = std::size_t{64} << 20;
constexpr std::size_t many_waiting = std::size_t{1} << 20;
constexpr std::chrono::milliseconds look_every{200}, gather_for{20};
// Retention may take the line away that tells what is in the file.
constexpr std::chrono::hours tell_every{1};

}  // namespace

SubjectDirectory::OpenResult SubjectDirectory::open(const Options& options, Log& log) {
  std::unique_ptr<SubjectDirectory> directory(new SubjectDirectory(options.sync, log));
  std::string error = directory->file_.open(options.directory, SubjectFile::Use::own);
  if (error.empty()) error = directory->load();
  if (!error.empty()) return {nullptr, std::move(error)};
  directory->thread_ = std::thread([self = directory.get()] { self->run(); });
  return {std::move(directory), {}};
}

SubjectDirectory::~SubjectDirectory() {
  {
    std::lock_guard lock(mutex_);
    stops_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

std::string SubjectDirectory::load() {
  const std::uint64_t erasures = file_.erasures();
  std::string wrong;
  const std::string error = file_.read_places([&](const SubjectEntry& entry, std::uint64_t at) {
    digest_.add(entry, at);
    if (entry.type == SubjectEntry::Type::kind) {
      if (entry.kind == kinds_.size()) kinds_.emplace_back(entry.key);
    } else if (entry.type == SubjectEntry::Type::reserved) {
      reserved_ = std::max(reserved_, entry.number);
    } else if (entry.is_subject() && entry.kind < kinds_.size()) {
      index_.set(entry.kind, entry.subject(), entry.number);
    } else if (entry.is_subject()) {
      wrong = "the subject directory names a kind of subject that it does not know";
    }
  });
  if (!error.empty() || !wrong.empty()) return error.empty() ? wrong : error;
  if (digest_.bytes() > 0) tell_log();
  log_.flush();
  file_.notice(erasures);
  return {};
}

void SubjectDirectory::tell_log() {
  log_.append(digest_.line());
  told_ = std::chrono::steady_clock::now();
}

int SubjectDirectory::kind(std::string_view name) {
  std::lock_guard lock(mutex_);
  const auto known = std::find(kinds_.begin(), kinds_.end(), name);
  if (known != kinds_.end()) return static_cast<int>(known - kinds_.begin());
  if (kinds_.size() >= SubjectIndex::max_kinds || name.size() > max_subject_key) return -1;
  append_entry(pending_, {SubjectEntry::Type::kind, static_cast<std::uint8_t>(kinds_.size()), 0, name});
  kinds_.emplace_back(name);
  return static_cast<int>(kinds_.size() - 1);
}

// The reservation goes to the file in front of the first number out of it, so that none is ever given twice,
// also where the entry that had it was erased.
void SubjectDirectory::refill() {
  if (reserved_ > ~0u - 2 * window) return;
  const std::uint32_t first = reserved_, last = (reserved_ / window + 1) * window;
  reserved_ = last;
  append_entry(pending_, {SubjectEntry::Type::reserved, 0, reserved_, {}});
  must_sync_ = true;
  free_.clear();
  for (std::uint32_t number = first; number < last; ++number) free_.push_back(number);
  std::random_device device;
  std::shuffle(free_.begin(), free_.end(), std::mt19937_64(std::uint64_t{device()} << 32 | device()));
}

std::uint32_t SubjectDirectory::assign(int kind, const SubjectKey& key) {
  std::lock_guard lock(mutex_);
  const auto index = static_cast<unsigned>(kind);
  if (const std::uint32_t known = index_.find(index, key); known != 0) return known;
  if (failing_ || pending_.size() > max_pending || index_.size() >= max_subjects) return 0;
  if (free_.empty()) refill();
  if (free_.empty()) return 0;
  const std::string_view blinding = new_blinding();
  if (blinding.empty()) return 0;
  const std::uint32_t number = free_.back();
  free_.pop_back();
  index_.set(index, key, number);
  SubjectEntry entry = entry_of(static_cast<std::uint8_t>(kind), key, number, scratch_);
  entry.blinding = blinding;
  append_entry(pending_, entry);
  return number;
}

// Many at a time: a call costs more than its bytes. Empty when OpenSSL fails. Valid until the next one.
std::string_view SubjectDirectory::new_blinding() {
  if (random_used_ == random_.size()) {
    random_.resize(blindings_at_once * blinding_bytes);
    random_used_ = random_.size();
    if (RAND_bytes(reinterpret_cast<unsigned char*>(random_.data()), static_cast<int>(random_.size())) != 1)
      return {};
    random_used_ = 0;
  }
  return std::string_view(random_).substr(std::exchange(random_used_, random_used_ + blinding_bytes),
                                          blinding_bytes);
}

SubjectDirectory::Waiting::Waiting(const Outcome& other)
    : outcome(other),
      sqlstate(other.sqlstate),
      unknown(other.subjects_unknown.begin(), other.subjects_unknown.end()) {
  for (const auto& [kind, bitmap] : other.subjects) subjects.emplace_back(kind, bitmap);
}

void SubjectDirectory::append(const Outcome& outcome) {
  std::unique_lock lock(mutex_);
  if (settled()) {
    lock.unlock();
    log_.append(outcome);
  } else if (waiting_bytes_ < max_waiting) {
    waiting_bytes_ += sizeof(Waiting);
    for (const auto& subjects : outcome.subjects) waiting_bytes_ += subjects.bitmap.size();
    waiting_.emplace_back(outcome);
    if (waiting_.size() == 1 || waiting_bytes_ >= many_waiting) wake_.notify_one();
  } else {
    lock.unlock();
    std::vector<Waiting> too_many;
    too_many.emplace_back(outcome);
    append_waiting(too_many, false);
  }
}

void SubjectDirectory::append_waiting(std::vector<Waiting>& waiting, bool durable) {
  std::vector<Outcome::Subjects> subjects;
  for (Waiting& each : waiting) {
    subjects.clear();
    if (durable) {
      for (const auto& [kind, bitmap] : each.subjects) subjects.push_back({kind, bitmap});
    } else {
      each.outcome.subjects_known = false;
      for (const auto& [kind, bitmap] : each.subjects) {
        if (std::find(each.unknown.begin(), each.unknown.end(), kind) == each.unknown.end())
          each.unknown.push_back(kind);
      }
    }
    each.outcome.sqlstate = each.sqlstate;
    each.outcome.subjects = subjects;
    each.outcome.subjects_unknown = each.unknown;
    log_.append(each.outcome);
  }
}

// REQUIRES: the lock is held; it is given back while the disk works.
void SubjectDirectory::commit(std::unique_lock<std::mutex>& lock) {
  std::string entries = std::exchange(pending_, {});
  std::vector<Waiting> waiting = std::exchange(waiting_, {});
  waiting_bytes_ = 0;
  const bool sync = std::exchange(must_sync_, false) || sync_ == Options::Sync::always;
  committing_ = true;
  lock.unlock();
  std::uint64_t at = file_.end();
  const bool written = entries.empty() || file_.append(entries, sync);
  if (written && !entries.empty()) {
    std::string_view rest = entries;
    for (std::size_t before = rest.size(); const auto entry = take_entry(rest); before = rest.size()) {
      digest_.add(*entry, at);
      at += before - rest.size();
    }
    tell_log();
  }
  append_waiting(waiting, written);
  lock.lock();
  committing_ = false;
  failing_ = !written;
  if (written) return;
  pending_.insert(0, entries);  // tried again
  must_sync_ |= sync;
}

void SubjectDirectory::run() {
  std::unique_lock lock(mutex_);
  while (!stops_) {
    wake_.wait_for(lock, look_every, [&] { return stops_ || hurries_ || (!failing_ && !waiting_.empty()); });
    if (!waiting_.empty())
      wake_.wait_for(lock, gather_for, [&] { return stops_ || hurries_ || waiting_bytes_ >= many_waiting; });
    hurries_ = false;
    if (!settled()) commit(lock);
    settled_.notify_all();
    if (stops_) break;
    lock.unlock();
    if (file_.erasures() != file_.noticed()) notice_erasures();
    if (digest_.bytes() > 0 && std::chrono::steady_clock::now() - told_ >= tell_every) tell_log();
    lock.lock();
  }
  if (!settled()) commit(lock);
  settled_.notify_all();
}

// What the file no longer has is forgotten here too. Entries that are not in the file yet stay.
void SubjectDirectory::notice_erasures() {
  std::vector<bool> stays;
  const auto keep = [&](const SubjectEntry& entry) {
    if (!entry.is_subject()) return;
    if (entry.number >= stays.size()) stays.resize(entry.number + window);
    stays[entry.number] = true;
  };
  const std::uint64_t erasures = file_.erasures();
  digest_.forget_erased();
  const std::string error = file_.read_places([&](const SubjectEntry& entry, std::uint64_t at) {
    keep(entry);
    digest_.add_erased(entry, at);
  });
  if (!error.empty()) return;
  {
    std::lock_guard lock(mutex_);
    std::string_view rest = pending_;
    while (const auto entry = take_entry(rest)) keep(*entry);
    index_.retain([&](std::uint32_t number) { return number < stays.size() && stays[number]; });
  }
  tell_log();
  log_.flush();
  file_.notice(erasures);
}

std::uint64_t SubjectDirectory::size() const {
  std::lock_guard lock(mutex_);
  return index_.size();
}

void SubjectDirectory::settle() {
  std::unique_lock lock(mutex_);
  hurries_ = true;
  wake_.notify_one();
  settled_.wait(lock, [&] { return settled() || failing_; });
}

}  // namespace pgconsent::audit
