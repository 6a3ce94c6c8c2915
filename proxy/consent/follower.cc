#include "proxy/consent/follower.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace pgconsent::consent {

namespace {

using What = Follower::Outcome::What;

// Keys that lie so far apart that most of a container is empty go through a table instead.
constexpr std::size_t worthwhile_bytes = std::size_t{64} << 20;
constexpr std::size_t bytes_per_record = 64;

Follower::Outcome with(Follower::Outcome outcome, What what, std::string reason) {
  outcome.what = what;
  outcome.reason = std::move(reason);
  return outcome;
}

}  // namespace

class Follower::Loading final : public SnapshotSink {
 public:
  explicit Loading(Follower& follower) : follower_(follower), asked_(follower.settings_.now()) {}

  void begin(const Mark& mark, Time server_time) override {
    follower_.mark_ = mark;
    follower_.clock_ = ServerClock();
    follower_.clock_.observe(asked_, follower_.settings_.now(), server_time);
    has_begun_ = true;
  }

  bool rows(std::span<const Record> records) override {
    if (!has_begun_) return false;
    try {
      const TimeRange now = follower_.range();
      for (const Record& record : records) follower_.tables_->put(record, now);
      return true;
    } catch (const std::exception& error) {
      failure_ = error.what();
      return false;
    }
  }

  std::string finish(std::string error) const {
    if (!failure_.empty()) return failure_;
    if (error.empty() && !has_begun_) return "the snapshot has no beginning";
    return error;
  }

 private:
  Follower& follower_;
  const SteadyTime asked_;
  bool has_begun_ = false;
  std::string failure_;
};

Follower::Follower(Settings settings) : settings_(std::move(settings)) {}

TimeRange Follower::range() const {
  TimeRange range = clock_.range(settings_.now());
  range.latest += settings_.lead;
  return range;
}

std::string Follower::load_with(ConsentFeed& feed, Layout layout) {
  tables_ = std::make_shared<Tables>(settings_.kinds, layout, settings_.secret);
  Loading sink(*this);
  std::string error = feed.snapshot(sink);
  return sink.finish(std::move(error));
}

Follower::Outcome Follower::load(ConsentFeed& feed) {
  Outcome outcome;
  outcome.sent = settings_.now();
  std::string error = load_with(feed, Layout::direct);
  if (error.empty() && tables_->bytes() > worthwhile_bytes &&
      tables_->bytes() > tables_->records() * bytes_per_record) {
    error = load_with(feed, Layout::hashed);
  }
  if (!error.empty()) return with(std::move(outcome), What::failed, std::move(error));
  tables_->finish_building();
  outcome.changes = tables_->records();
  return with(std::move(outcome), What::current, {});
}

Follower::Outcome Follower::step(ConsentFeed& feed) {
  Outcome outcome;
  outcome.sent = settings_.now();
  ConsentFeed::Batch batch = feed.read(mark_, settings_.read_limit);
  const SteadyTime received = settings_.now();
  if (!batch.error.empty()) return with(std::move(outcome), What::failed, std::move(batch.error));
  if (batch.lost.empty() && batch.head < mark_.sequence) batch.lost = "the store has gone back";
  if (!batch.lost.empty()) return with(std::move(outcome), What::rebuild, std::move(batch.lost));
  if (!clock_.observe(outcome.sent, received, batch.server_time)) {
    return with(std::move(outcome), What::rebuild, "the server's clock has gone back");
  }
  try {
    outcome = carry_out(batch, std::move(outcome));
    advance();
    return outcome;
  } catch (const std::exception& error) {
    // Like a gap: read again from the last step that was carried out whole.
    return with(std::move(outcome), What::gap, error.what());
  }
}

Follower::Outcome Follower::carry_out(const ConsentFeed::Batch& batch, Outcome outcome) {
  const TimeRange now = range();
  Mark reached = mark_;
  for (const Change& change : batch.changes) {
    const bool same_step = outcome.changes > 0 && change.mark == reached;
    if (!same_step) {
      // Only now is the step before complete.
      mark_ = reached;
      if (change.mark.sequence != reached.sequence + 1) {
        return with(std::move(outcome), What::gap,
                    fmt::format("change {} follows {}", change.mark.sequence, reached.sequence));
      }
    }
    switch (change.kind) {
      case Change::Kind::put:
        tables_->put(change.record, now);
        break;
      case Change::Kind::erase_subject:
        tables_->erase_subject(change.record.kind, change.record.key, now);
        break;
      case Change::Kind::nothing:
        break;
    }
    reached = change.mark;
    ++outcome.changes;
  }
  mark_ = reached;
  if (batch.more && outcome.changes > 0) return with(std::move(outcome), What::more, "behind");
  if (batch.head > mark_.sequence) {
    return with(std::move(outcome), What::gap, fmt::format("change {} is missing", mark_.sequence + 1));
  }
  return with(std::move(outcome), What::current, {});
}

void Follower::advance() {
  tables_->advance(range());
}

SteadyTime Follower::next_due() {
  const Time due = tables_->next_due();
  return due == never ? never : due - settings_.lead - clock_.largest_offset();
}

}  // namespace pgconsent::consent
