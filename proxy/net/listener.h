// Accepts connections and hands them to the workers in turn. Private to proxy/net; one thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "proxy/net/shared.h"
#include "proxy/net/worker.h"

namespace pgconsent::net {

class Listener {
 public:
  Listener(asio::io_context& io, Shared& shared, std::vector<std::unique_ptr<Worker>>& workers);
  ~Listener() { close(); }

  // An error text; empty when it listens.
  std::string open(const config::Endpoint& endpoint);
  void use_limits(const config::Limits& limits) { limits_ = limits; }
  void start() { wait(); }
  void close();

 private:
  void wait();
  void accept_all();
  void take(int fd, std::string client_address);
  void on_accept_error(int error);

  asio::posix::stream_descriptor socket_;
  asio::steady_timer retry_;
  Shared& shared_;
  std::vector<std::unique_ptr<Worker>>& workers_;
  config::Limits limits_;
  std::string socket_file_;  // of a Unix socket, removed at the end
  std::size_t next_worker_ = 0;
  std::chrono::steady_clock::time_point last_warning_{};
};

}  // namespace pgconsent::net
