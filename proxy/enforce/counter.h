// Numbers that one thread counts and others read now and then: no locked instruction where it counts.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace pgconsent::enforce {

class Counter {
 public:
  // One thread only.
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  // Any thread.
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// How often a time was at most so long: microseconds, doubling from the first bound on.
class TimeCounter {
 public:
  static constexpr std::size_t bounds = 20;
  static constexpr std::uint64_t bound(std::size_t i) { return std::uint64_t{1} << (i + 1); }  // 2 us … 1 s

  void add(std::uint64_t us) {
    std::size_t i = 0;
    while (i < bounds && us > bound(i)) ++i;
    counts_[i].add();
    sum_.add(us);
  }
  std::uint64_t count(std::size_t i) const { return counts_[i].value(); }  // the last: above all bounds
  std::uint64_t sum() const { return sum_.value(); }

 private:
  std::array<Counter, bounds + 1> counts_;
  Counter sum_;
};

// Of one worker's planners.
struct PlanCounters {
  Counter found;     // the text's plan was in the cache
  Counter filled;    // the plan of its shape was, for other constants
  Counter analysed;  // neither
};

}  // namespace pgconsent::enforce
