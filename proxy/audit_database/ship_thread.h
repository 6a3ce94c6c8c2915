// Ships for a running proxy, on a thread of its own. The proxy waits for nothing here: while the audit
// database is down the log stays in its directory, and shipping goes on where it stopped.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "proxy/audit_database/shipper.h"

namespace pgconsent::audit_database {

class ShipThread {
 public:
  struct Callbacks {
    // libpq's string, asked for each connection: a password may have changed. `error` set: there is none.
    std::function<std::string(std::string& error)> connection;
    // On the thread: once when shipping begins to fail (with the reason, again when that changes), once when
    // it works again (empty).
    std::function<void(const std::string& problem)> report;
  };
  ShipThread(std::filesystem::path directory, Callbacks callbacks);
  // Ends within a moment, whatever the database does.
  ~ShipThread();
  ShipThread(const ShipThread&) = delete;
  ShipThread& operator=(const ShipThread&) = delete;

  // Thread-safe.
  struct Statistics {
    bool working = false;  // the last attempt succeeded
    std::uint64_t lines = 0, failures = 0;
    std::chrono::steady_clock::duration lag{0};  // since all of the log was in the database
    std::uint64_t last_id = 0;                   // of the last line that is in the database; 0: not known
  };
  Statistics statistics() const;

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  void ship(Connection& connection);
  void failed(const std::string& problem);
  void worked();
  // False: it ends.
  bool pause(std::chrono::milliseconds duration);

  std::filesystem::path directory_;
  Callbacks callbacks_;
  std::chrono::milliseconds back_off_;
  std::string problem_;
  std::atomic<bool> stop_{false}, working_{false};
  std::atomic<std::uint64_t> lines_{0}, failures_{0}, last_id_{0};
  std::atomic<Clock::rep> complete_at_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::thread thread_;  // begins last
};

}  // namespace pgconsent::audit_database
