#include "proxy/catalog/service.h"

#include <algorithm>
#include <utility>

#include "proxy/catalog/loader.h"

namespace pgconsent::catalog {

using Clock = std::chrono::steady_clock;

namespace {

constexpr int check_share = 20;  // a check may take a twentieth of the time
constexpr std::chrono::milliseconds longest_poll{10'000};
constexpr std::chrono::milliseconds listen_interval{20};

}  // namespace

Service::Service(std::unique_ptr<ControlConnection> connection, Hooks hooks, Timing timing)
    : connection_(std::move(connection)),
      hooks_(std::move(hooks)),
      timing_(timing),
      thread_([this] { run(); }) {}

Service::Service(ControlSettings settings, Hooks hooks)
    : Service(make_control_connection(std::move(settings)), std::move(hooks), Timing{}) {}

Service::~Service() {
  stop();
}

void Service::request([[maybe_unused]] std::uint64_t newer_than, Callback callback) {
  {
    std::lock_guard lock(mutex_);
    if (!stopped_) {
      requests_.push_back(std::move(callback));
      wake_.notify_one();
      return;
    }
  }
  callback(nullptr, "the catalog service has stopped");
}

Service::Status Service::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

bool Service::is_stopping() const {
  std::lock_guard lock(mutex_);
  return stopping_;
}

void Service::stop() {
  {
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
    wake_.notify_all();
    // Again and again, since a cancel that comes between two statements is lost.
    while (!wake_.wait_for(lock, std::chrono::milliseconds(50), [this] { return stopped_; })) {
      lock.unlock();
      connection_->cancel();
      lock.lock();
    }
  }
  thread_.join();
}

void Service::run() {
  bool failed = false;
  std::vector<Callback> batch;
  while (true) {
    const bool told = wait_for_work(failed);
    {
      std::lock_guard lock(mutex_);
      if (stopping_) break;
      batch = std::exchange(requests_, {});
    }
    bool may_skip = batch.empty() && !failed && !told && !fingerprint_.empty();
    if (may_skip && !connection_->may_have_changed()) {
      std::lock_guard lock(mutex_);
      status_.verified = Clock::now();
      continue;
    }
    // One more try at once for those who wait: a view dropped during the load, a connection that went stale.
    bool retry = !failed && !batch.empty();
    failed = !check() && !(retry && !is_stopping() && check());
    for (const Callback& callback : batch)
      callback(failed ? nullptr : current(), failed ? error_ : std::string());
    batch.clear();
  }
  std::unique_lock lock(mutex_);
  stopped_ = true;
  batch = std::exchange(requests_, {});
  wake_.notify_all();
  lock.unlock();
  for (const Callback& callback : batch) callback(nullptr, "the catalog service has stopped");
}

// Until the next poll, a request, or the database's own word that definitions have changed (true).
bool Service::wait_for_work(bool failed) {
  const Clock::time_point end = Clock::now() + wait_;
  std::unique_lock lock(mutex_);
  auto is_due = [&] { return stopping_ || (!requests_.empty() && !failed); };
  while (!is_due()) {
    const bool listens = !failed && connection_->is_told();
    const auto until = listens ? std::min(end, Clock::now() + listen_interval) : end;
    if (wake_.wait_until(lock, until, is_due) || Clock::now() >= end) return false;
    if (!listens || Clock::now() < deaf_until_) continue;
    lock.unlock();
    if (connection_->was_told()) return true;
    lock.lock();
  }
  return false;
}

bool Service::check() {
  Clock::time_point started = Clock::now();
  ControlConnection::Result result = connection_->load_if_changed(fingerprint_, next_snapshot_version());
  if (!result.error.empty()) {
    note_failure(result.error);
    return false;
  }
  if (result.snapshot) {
    fingerprint_ = result.incomplete ? Fingerprint() : std::move(result.fingerprint);
    current_.store(result.snapshot);
    if (hooks_.on_new) hooks_.on_new(result.snapshot);
    wait_ = timing_.poll;
    deaf_until_ = {};
  } else {
    auto cost = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started);
    wait_ = std::max(timing_.poll, std::min(cost * check_share, longest_poll));
    deaf_until_ = Clock::now() + cost * check_share;  // anyone may NOTIFY
  }
  std::lock_guard lock(mutex_);
  status_ = {{}, started};
  return true;
}

void Service::note_failure(const std::string& error) {
  bool is_first = false;
  {
    std::lock_guard lock(mutex_);
    is_first = status_.failure.empty();
    status_.failure = error_ = error;
  }
  wait_ = is_first ? timing_.first_retry : std::min(wait_ * 2, timing_.max_retry);
  if (is_first && hooks_.on_failure) hooks_.on_failure(error);
}

}  // namespace pgconsent::catalog
