// One thread with its connections, planners and scratch buffer. Private to proxy/net.
// post() is thread-safe; everything else is for the worker's own thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "proxy/enforce/plan.h"
#include "proxy/net/shared.h"
#include "proxy/session/session.h"

namespace pgconsent::net {

namespace asio = boost::asio;

class Connection;
class Database;

class Worker {
 public:
  Worker(Shared& shared, SettingsPtr settings);
  ~Worker();

  void start_thread();
  // Any thread. The handlers that are under way end first.
  void stop_thread();

  template <typename Function>
  void post(Function&& function) {
    asio::post(io_, std::forward<Function>(function));
  }

  // Any thread.
  void accept(int fd, std::string client_address, bool over_limit);
  void use_settings(SettingsPtr settings);
  void drain();
  void end_all();

  asio::io_context& io() { return io_; }
  Shared& shared() { return shared_; }
  const Settings& settings() const { return *settings_; }
  // For bytes on their way from a socket into a session: valid until the handler returns.
  std::span<std::byte> scratch() { return scratch_; }
  // For what a session says; empty between calls.
  session::Output& output() { return output_; }
  void clear_output();
  // The connection's on_audit() is called when its audit record is written or can't be.
  void await_audit(std::shared_ptr<Connection> connection);
  // Any thread: the audit log has gone on. Cheap when no connection waits for it.
  void audit_progressed();
  enforce::Planner* planner(const std::shared_ptr<Database>& database);
  void remove(Connection& connection);
  WorkerCounters& counters() { return counters_; }
  const WorkerCounters& counters() const { return counters_; }  // any thread

 private:
  void run();
  void tick();
  void resume_audited();
  std::vector<std::shared_ptr<Connection>> connections() const;

  asio::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer timer_;
  Shared& shared_;
  WorkerCounters counters_;  // before what counts in it
  SettingsPtr settings_;
  std::vector<std::byte> scratch_;
  session::Output output_;
  struct DatabasePlanner {
    std::shared_ptr<Database> database;  // its generation is what the planner asks for
    std::unique_ptr<enforce::Planner> planner;
  };
  std::unordered_map<const Database*, DatabasePlanner> planners_;
  std::unordered_map<const Connection*, std::shared_ptr<Connection>> connections_;
  std::vector<std::shared_ptr<Connection>> awaiting_audit_;
  std::atomic<bool> audit_awaited_{false};  // audit_progressed() has to say so
  std::thread thread_;
};

}  // namespace pgconsent::net
