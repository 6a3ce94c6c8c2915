// The main thread of a running proxy: listener, signals, reload, drain. Private to proxy/net.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <vector>

#include "proxy/admin/listener.h"
#include "proxy/net/listener.h"
#include "proxy/net/shared.h"
#include "proxy/net/worker.h"

namespace pgconsent::net {

class ServerLoop {
 public:
  ServerLoop(std::filesystem::path config_file, SettingsPtr settings, Shared& shared);
  // An error text; empty when it listens.
  std::string open();
  // Returns when all connections have ended after SIGTERM or SIGINT.
  void run();

 private:
  std::string open_admin();
  void wait_for_signal();
  void on_signal(int signal);
  void reload();
  void drain();
  void end_now();
  void await_end(std::chrono::steady_clock::time_point deadline);
  void housekeeping();
  void report_audit();

  std::filesystem::path config_file_;
  SettingsPtr settings_;
  Shared& shared_;
  asio::io_context io_{1};
  asio::signal_set signals_;
  asio::steady_timer end_timer_, housekeeping_timer_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Listener listener_;
  std::unique_ptr<admin::Listener> admin_;  // reads what is above: ends first
  bool draining_ = false, ending_ = false;
  bool audit_healthy_ = true;
  std::uint64_t audit_interruptions_ = 0;
  std::string audit_problem_;
};

}  // namespace pgconsent::net
