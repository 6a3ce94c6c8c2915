// What a client sends before its session begins, sans-io: encryption requests, a startup packet or a cancel
// request. https://www.postgresql.org/docs/15/protocol-flow.html#id-1.10.6.7.12 (SSL session encryption)
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/wire/startup_packet.h"

namespace pgconsent::net {

class Greeting {
 public:
  enum class Encryption { absent, allow, require };
  enum class Step {
    need_more,  // read on
    answer_no,  // send N, then call next() again
    start_tls,  // send S, do the handshake, call tls_established(), then read on
    startup,    // startup() is complete
    cancel,     // cancel() is complete
    fatal,      // send fatal() to the client and close
    close,      // nothing sensible can be said: close
  };
  struct Fatal {
    std::string_view sqlstate, message;
  };

  explicit Greeting(Encryption encryption) : encryption_(encryption) {}

  void add(std::span<const std::byte> bytes) { buffer_.insert(buffer_.end(), bytes.begin(), bytes.end()); }
  Step next();
  void tls_established() { tls_ = true; }

  const wire::StartupPacket& startup() const { return startup_; }
  const wire::CancelRequest& cancel() const { return cancel_; }
  const Fatal& fatal() const { return fatal_; }
  // The bytes behind the startup packet, which belong to the session.
  std::span<const std::byte> rest() const { return buffer_; }

 private:
  Step fail(std::string_view sqlstate, std::string_view message);
  Step on_encryption_request(bool ssl);
  Step on_startup(std::span<const std::byte> packet);

  Encryption encryption_;
  bool tls_ = false, ssl_asked_ = false, gss_asked_ = false;
  std::vector<std::byte> buffer_;
  wire::StartupPacket startup_;
  wire::CancelRequest cancel_;
  Fatal fatal_;
};

}  // namespace pgconsent::net
