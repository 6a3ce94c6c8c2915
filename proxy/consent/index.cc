#include "proxy/consent/index.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace pgconsent::consent {

using What = Follower::Outcome::What;

SteadyTime steady_now() {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

void Index::FeedSlot::put(std::unique_ptr<ConsentFeed> feed) {
  std::lock_guard lock(mutex_);
  feed_ = std::move(feed);
  if (feed_ && interrupted_) feed_->interrupt();
}

void Index::FeedSlot::interrupt() {
  std::lock_guard lock(mutex_);
  interrupted_ = true;
  if (feed_) feed_->interrupt();
}

Index::Index(Settings settings, ConnectFeed connect)
    : settings_(std::move(settings)),
      connect_(std::move(connect)),
      secret_(HashSecret::random()),
      writer_([this] { write(); }) {}

Index::~Index() {
  stop();
}

Reader Index::reader() const {
  return Reader(published_, settings_.now, settings_.bound.count());
}

Index::Status Index::status() const {
  const SteadyTime confirmed = published_.confirmed.load(std::memory_order_acquire);
  std::lock_guard lock(mutex_);
  Status status = status_;
  if (confirmed != unconfirmed) {
    status.age = Duration(settings_.now() - confirmed);
    status.known = *status.age <= settings_.bound;
    if (!status.known) status.reason = "not confirmed in time";
  }
  return status;
}

void Index::request_rebuild() {
  std::lock_guard lock(mutex_);
  rebuild_requested_ = true;
  wake_.notify_all();
}

void Index::stop() {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
    wake_.notify_all();
  }
  feed_.interrupt();
  build_feed_.interrupt();
  writer_.join();
}

bool Index::is_stopping() const {
  std::lock_guard lock(mutex_);
  return stopping_;
}

void Index::pause(Duration time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return stopping_ || built_.has_value(); });
}

Index::Duration Index::backoff() {
  retry_ = retry_ == Duration(0) ? settings_.first_retry : std::min(retry_ * 2, settings_.max_retry);
  return retry_;
}

Follower::Settings Index::follower_settings() const {
  Follower::Settings settings;
  settings.kinds = settings_.kinds;
  settings.secret = secret_;
  settings.now = settings_.now;
  settings.lead = settings_.lead.count();
  return settings;
}

void Index::confirm(SteadyTime at) {
  published_.server_offset.store(live_->clock().largest_offset(), std::memory_order_release);
  published_.confirmed.store(at, std::memory_order_release);
  doubt_since_.reset();
  retry_ = Duration(0);
  std::lock_guard lock(mutex_);
  status_.reason.clear();
  status_.sequence = live_->mark().sequence;
}

void Index::distrust(const std::string& reason) {
  published_.confirmed.store(unconfirmed, std::memory_order_release);
  if (!doubt_since_) doubt_since_ = settings_.now();
  std::lock_guard lock(mutex_);
  status_.reason = reason;
}

void Index::write() {
  distrust("not built yet");
  while (!is_stopping()) {
    look_after_build();
    if (!live_ || must_rebuild_) {
      pause(settings_.heartbeat);
    } else if (!ensure_feed()) {
      pause(backoff());
    } else {
      follow();
    }
  }
  distrust("stopped");
  if (builder_.joinable()) builder_.join();
}

bool Index::ensure_feed() {
  if (feed_.get() != nullptr) return true;
  std::string error;
  std::unique_ptr<ConsentFeed> feed = connect_(error);
  if (!feed) {
    distrust(error);
    return false;
  }
  feed_.put(std::move(feed));
  return true;
}

// One look at the store, and the wait until the next.
void Index::follow() {
  Follower::Outcome outcome = live_->step(*feed_.get());
  const What what = outcome.what;
  const bool had_changes = outcome.changes > 0;
  handle(*live_, std::move(outcome));
  note_figures();
  if (what == What::more || is_stopping()) return;
  if (what != What::current) return pause(backoff());
  if (had_changes) pause(settings_.min_interval);
  live_->advance();
  const SteadyTime due = live_->next_due();
  const SteadyTime now = settings_.now();
  Duration timeout = settings_.heartbeat;
  if (due != never) timeout = std::clamp(Duration(due - now), Duration(500), settings_.heartbeat);
  std::string error = feed_.get()->wait(timeout);
  live_->advance();
  if (error.empty() || is_stopping()) return;
  Follower::Outcome lost;
  lost.reason = std::move(error);
  handle(*live_, std::move(lost));
}

void Index::handle(Follower& follower, Follower::Outcome outcome) {
  {
    std::lock_guard lock(mutex_);
    status_.changes += outcome.changes;
    status_.sequence = follower.mark().sequence;
    status_.gaps += outcome.what == What::gap;
    status_.lost_connections += outcome.what == What::failed;
  }
  switch (outcome.what) {
    case What::current:
      return confirm(outcome.sent);
    case What::more:
      return;  // the age says how far behind
    case What::gap:
      distrust(outcome.reason);
      break;
    case What::rebuild:
      distrust(outcome.reason);
      must_rebuild_ = true;
      break;
    case What::failed:
      distrust(outcome.reason);
      feed_.put(nullptr);
      return;
  }
  if (settings_.now() - *doubt_since_ > settings_.gap_patience.count()) must_rebuild_ = true;
}

}  // namespace pgconsent::consent
