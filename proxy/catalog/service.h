// Keeps one database's catalog snapshot up to date: one thread, one control connection.
//
//   request() --> [thread: fingerprint, load when it differs] --> on_new --> the callbacks
//   every second, when transactions have run, or at once when the database says so: the same without
//   callbacks
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "parser/catalog/snapshot.h"
#include "proxy/catalog/control_connection.h"

namespace pgconsent::catalog {

class Service {
 public:
  struct Hooks {
    // A new snapshot is in force: bind the rules, swap the generation. Runs before the callbacks of the
    // requests it answers. May be empty.
    std::function<void(const parser::SnapshotPtr&)> on_new;
    // The first failure after a success, for the log. May be empty.
    std::function<void(const std::string& error)> on_failure;
  };
  struct Timing {
    std::chrono::milliseconds poll{1000};        // longer where a check takes more than 5 % of it
    std::chrono::milliseconds first_retry{100};  // doubles up to max_retry
    std::chrono::milliseconds max_retry{2000};
  };
  // Null snapshot: the load has failed, `error` says why; whoever asked must refuse.
  using Callback = std::function<void(const parser::SnapshotPtr& snapshot, const std::string& error)>;

  // Starts the thread and the first load. Hooks and callbacks run on that thread, must not throw or block for
  // long, and may call request().
  Service(std::unique_ptr<ControlConnection> connection, Hooks hooks, Timing timing);
  Service(ControlSettings settings, Hooks hooks);
  ~Service();  // stop()
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Thread-safe. The callback runs once a snapshot is in force that holds everything committed before this
  // call. It is read after the call; when nothing has changed (same fingerprint, read after the call) it is
  // the one already in force, with the same version. A snapshot in force is never older than `newer_than`.
  void request(std::uint64_t newer_than, Callback callback);

  // Thread-safe. Null until the first load has succeeded.
  parser::SnapshotPtr current() const { return current_.load(); }

  struct Status {
    std::string failure;  // empty: the last check has succeeded
    // When current() was last known to be what the server has.
    std::optional<std::chrono::steady_clock::time_point> verified;
  };
  Status status() const;  // thread-safe

  // Ends the thread; requests that wait are told. Not from a hook or callback.
  void stop();

 private:
  void run();
  bool wait_for_work(bool failed);
  bool check();  // false: failed, error_ says why
  bool is_stopping() const;
  void note_failure(const std::string& error);

  const std::unique_ptr<ControlConnection> connection_;
  const Hooks hooks_;
  const Timing timing_;
  std::atomic<parser::SnapshotPtr> current_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::vector<Callback> requests_;
  Status status_;
  bool stopping_ = false;
  bool stopped_ = false;

  // The thread's own.
  Fingerprint fingerprint_;
  std::chrono::milliseconds wait_{0};
  std::chrono::steady_clock::time_point deaf_until_;  // announcements that brought nothing are not heeded
  std::string error_;
  std::thread thread_;
};

}  // namespace pgconsent::catalog
