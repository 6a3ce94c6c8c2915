// A few threads for what waits for the audit database: never a worker's, never the listener's.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace pgconsent::pages {

class Pool {
 public:
  using Job = std::function<void()>;

  explicit Pool(unsigned threads, std::size_t most_waiting);
  ~Pool();  // stop()
  // False: too many wait already, or it has been stopped. A job may not throw.
  bool post(Job job);
  // Jobs that wait are dropped; returns when those that run have ended.
  void stop();

 private:
  void run();

  const std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> waiting_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace pgconsent::pages
