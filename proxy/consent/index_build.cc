// Building beside what is in force, and taking it over.
#include <utility>

#include "proxy/consent/index.h"

namespace pgconsent::consent {

using What = Follower::Outcome::What;

// Starts a build where one is wanted and takes a finished one over.
void Index::look_after_build() {
  std::optional<Built> built;
  {
    std::lock_guard lock(mutex_);
    built = std::exchange(built_, std::nullopt);
    if (built) building_ = false;
  }
  if (built) {
    builder_.join();
    build_feed_.put(nullptr);
    if (built->follower) {
      adopt(std::move(built->follower), built->time);
    } else {
      fail_build(built->error);
    }
  }
  std::lock_guard lock(mutex_);
  const bool wanted = must_rebuild_ || rebuild_requested_;
  if (!wanted || building_ || stopping_ || settings_.now() < next_build_) return;
  rebuild_requested_ = false;
  building_ = true;
  builder_ = std::thread([this] { build(); });
}

void Index::fail_build(const std::string& error) {
  if (must_rebuild_) distrust(error);
  next_build_ = settings_.now() + backoff().count();
  std::lock_guard lock(mutex_);
  ++status_.failed_builds;
  if (!must_rebuild_) rebuild_requested_ = true;
}

// The builder's thread.
void Index::build() {
  Built built;
  const SteadyTime started = settings_.now();
  std::unique_ptr<ConsentFeed> feed = connect_(built.error);
  if (feed) {
    build_feed_.put(std::move(feed));
    auto follower = std::make_unique<Follower>(follower_settings());
    Follower::Outcome outcome = follower->load(*build_feed_.get());
    if (outcome.what == What::current) outcome = catch_up(*follower, *build_feed_.get());
    built.error = outcome.reason;
    if (outcome.what == What::current) built.follower = std::move(follower);
  }
  built.time = Duration(settings_.now() - started);
  std::lock_guard lock(mutex_);
  built_ = std::move(built);
  wake_.notify_all();
}

Follower::Outcome Index::catch_up(Follower& follower, ConsentFeed& feed) const {
  Follower::Outcome outcome = follower.step(feed);
  while (outcome.what == What::more && !is_stopping()) outcome = follower.step(feed);
  return outcome;
}

// The new tables come into force once they hold what the old ones hold.
void Index::adopt(std::unique_ptr<Follower> follower, Duration time) {
  if (!ensure_feed()) return fail_build("no connection to catch up with");
  Follower::Outcome outcome = catch_up(*follower, *feed_.get());
  if (outcome.what == What::failed) feed_.put(nullptr);
  if (outcome.what != What::current) return fail_build(outcome.reason);
  live_ = std::move(follower);
  must_rebuild_ = false;
  {
    std::lock_guard lock(published_.mutex);
    published_.tables = live_->tables();
    published_.generation.fetch_add(1, std::memory_order_release);
  }
  confirm(outcome.sent);
  next_figures_ = always;
  note_figures();
  std::lock_guard lock(mutex_);
  ++status_.builds;
  status_.build_time = time;
}

// Counting bytes walks over the shards: not at every look.
void Index::note_figures() {
  constexpr SteadyTime interval = 1'000'000;
  if (settings_.now() < next_figures_) return;
  next_figures_ = settings_.now() + interval;
  const Tables& tables = *live_->tables();
  std::lock_guard lock(mutex_);
  status_.records = tables.records();
  status_.bytes = tables.bytes();
  status_.idle_entries = tables.idle_entries();
  if (status_.idle_entries > settings_.idle_entries) rebuild_requested_ = true;
}

}  // namespace pgconsent::consent
