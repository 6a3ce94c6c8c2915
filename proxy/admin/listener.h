// The admin listener: a few HTTP connections on a thread of its own, never on a worker's.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "proxy/admin/sources.h"

struct ssl_ctx_st;

namespace pgconsent::pages {
class Site;
}

namespace pgconsent::admin {

struct ListenerLimits {
  std::size_t connections = 32;  // more are closed at once
  std::size_t header_bytes = 8192;
  std::size_t body_bytes = 8192;              // of a form of the pages; nothing else has one
  int requests = 100;                         // on one connection
  std::chrono::seconds timeout{10};           // for a whole request to come, and for its answer to be taken
  std::chrono::seconds download_timeout{60};  // for a piece of a download to be taken
};

struct ListenerOptions {
  ListenerLimits limits;
  std::shared_ptr<ssl_ctx_st> tls;    // null: without
  std::shared_ptr<pages::Site> site;  // the auditors' pages; null: none
};

class Listener {
 public:
  // Takes the listening, non-blocking socket. `sources` are called on the listener's thread.
  Listener(int fd, Sources sources);
  Listener(int fd, Sources sources, ListenerOptions options);
  ~Listener();  // stop()
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void start();
  // For connections from now on. REQUIRES: it began with TLS.
  void use_tls(std::shared_ptr<ssl_ctx_st> tls);
  // Ends the thread, all connections and the pages; `sources` are not called any more.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgconsent::admin
