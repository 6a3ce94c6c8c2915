// The admin listener: a few HTTP connections on a thread of its own, never on a worker's.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "proxy/admin/sources.h"

namespace pgconsent::admin {

struct ListenerLimits {
  std::size_t connections = 32;  // more are closed at once
  std::size_t header_bytes = 8192;
  int requests = 100;                // on one connection
  std::chrono::seconds timeout{10};  // for a whole request to come, and for its answer to be taken
};

class Listener {
 public:
  // Takes the listening, non-blocking socket. `sources` are called on the listener's thread.
  Listener(int fd, Sources sources);
  Listener(int fd, Sources sources, const ListenerLimits& limits);
  ~Listener();  // stop()
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void start();
  // Ends the thread and all connections; `sources` are not called any more.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgconsent::admin
