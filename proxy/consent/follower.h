// Tables, and the place in the store's history up to which they are right. One thread; the tables may be read
// by others.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proxy/consent/feed.h"
#include "proxy/consent/server_clock.h"
#include "proxy/consent/tables.h"

namespace pgconsent::consent {

using SteadyClock = std::function<SteadyTime()>;

class Follower {
 public:
  struct Settings {
    std::vector<KindSpec> kinds;
    HashSecret secret;
    SteadyClock now;
    Time lead = 0;  // consent is ended this much before its time, so that nobody waits for it
    std::size_t read_limit = 10'000;
  };
  explicit Follower(Settings settings);

  struct Outcome {
    enum class What {
      current,  // every change that was committed before `sent` has been carried out
      more,     // not yet: read on
      gap,      // changes are missing, or could not be carried out; may be tried again
      rebuild,  // these tables can't be brought up to date any more
      failed,   // the connection
    };
    What what = What::failed;
    SteadyTime sent = 0;
    std::size_t changes = 0;
    std::string reason;
  };
  // Reads everything. `current` or `failed`; after a failure the follower is of no use.
  Outcome load(ConsentFeed& feed);
  // Reads what has changed since. REQUIRES: load() has succeeded.
  Outcome step(ConsentFeed& feed);
  // What begins and ends by itself.
  void advance();
  // The steady time at which advance() has something to do; `never` when nothing is planned.
  SteadyTime next_due();

  const std::shared_ptr<Tables>& tables() const { return tables_; }
  const Mark& mark() const { return mark_; }
  const ServerClock& clock() const { return clock_; }

 private:
  class Loading;

  std::string load_with(ConsentFeed& feed, Layout layout);
  TimeRange range() const;
  Outcome carry_out(const ConsentFeed::Batch& batch, Outcome outcome);

  const Settings settings_;
  std::shared_ptr<Tables> tables_;
  ServerClock clock_;
  Mark mark_;
};

}  // namespace pgconsent::consent
