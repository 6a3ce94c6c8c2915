// How often something may be tried: a bucket of tries per key, refilled over time. Fixed memory: keys share
// buckets by chance, under a hash that nobody outside can steer. Thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

namespace pgconsent::pages {

class Limiter {
 public:
  using Clock = std::chrono::steady_clock;

  // `burst` tries at once, then one per `refill`.
  Limiter(int burst, Clock::duration refill);
  // Takes a try; false: none is left. `wait`: how long until there is one.
  bool take(std::string_view key, Clock::time_point now, Clock::duration* wait = nullptr);
  // The try succeeded, and does not count.
  void give_back(std::string_view key);

 private:
  std::size_t slot(std::string_view key) const;

  const std::string seed_;
  const Clock::duration refill_, room_;
  std::mutex mutex_;
  // When the bucket will be full again.
  std::array<Clock::time_point, 4096> full_at_{};
};

}  // namespace pgconsent::pages
