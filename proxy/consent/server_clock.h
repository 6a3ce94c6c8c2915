// What may the server's clock show, going by this machine's steady clock? The proxy's own wall clock decides
// nothing: consent begins and ends by the clock that the rewritten statements are decided by. One thread.
#pragma once

#include <cstdint>

#include "proxy/consent/shard.h"

namespace pgconsent::consent {

using SteadyTime = std::int64_t;  // microseconds of a steady clock

class ServerClock {
 public:
  // The server said `server` between `sent` and `received`. False when its clock has gone back: what began
  // since then holds no more, what has ended holds again.
  bool observe(SteadyTime sent, SteadyTime received, Time server) {
    const Time smallest = server - received;
    const Time largest = server - sent;
    const bool went_back = observed_ && largest < smallest_ - tolerance;
    smallest_ = smallest;
    largest_ = largest;
    observed_ = true;
    return !went_back;
  }

  // REQUIRES: observe() has run.
  TimeRange range(SteadyTime now) const { return {now + smallest_, now + largest_}; }
  Time largest_offset() const { return largest_; }

 private:
  static constexpr Time tolerance = 10'000;  // a clock that is being adjusted

  bool observed_ = false;
  Time smallest_ = 0, largest_ = 0;  // server's time minus steady time
};

}  // namespace pgconsent::consent
