// One client connection from accept to close, and the server connection that belongs to it.
// Private to proxy/net. Lives on one worker and is used by its thread only.
//
// Reads are driven by readiness and go into the worker's scratch buffer; what a session makes of them is sent
// at once. Only what a socket does not take is kept, and until it is gone the opposite socket is not read: so
// memory is bounded, and an idle connection holds no buffer but the few KiB of its two Peers.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proxy/net/dial.h"
#include "proxy/net/greeting.h"
#include "proxy/net/peer.h"
#include "proxy/net/shared.h"
#include "proxy/session/session.h"

namespace pgconsent::net {

class Database;
class Worker;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Clock = std::chrono::steady_clock;

  Connection(Worker& worker, int fd, std::string client_address, bool over_limit);
  ~Connection();
  void start();

  // Is its time for the current phase over? Then it is to be ended by on_late().
  bool is_late(Clock::time_point now) const { return now >= deadline_; }
  void on_late();
  // SIGTERM: ends as soon as no transaction is open.
  void drain();
  // Ends now.
  void stop();
  // Goes on with what waited for the audit log.
  bool audit_is_due() const { return phase_ != Phase::relaying || session_->audit_is_due(); }
  void on_audit();

 private:
  static constexpr std::string_view shutdown_message = "terminating connection due to administrator command";
  enum class Phase { opening, relaying, cancelling, closing, closed };
  enum class Side { client, server };
  // Only needed until the session begins.
  struct Opening {
    Greeting greeting;
    bool direct_tls = false;
    std::shared_ptr<Dial> dial;
    std::shared_ptr<Database> database;
  };

  // connection_opening.cc
  void read_greeting();
  void step_greeting();
  void start_client_tls(bool direct);
  void client_handshake();
  void refuse(std::string_view sqlstate, std::string_view message, std::string_view hint = {});
  void on_startup();
  void open_database(const std::string& name);
  void on_database(std::shared_ptr<Database> database, const std::string& error);
  void dial_server();
  void begin_session(Dial::Result result);
  void on_cancel();
  void send_cancel(Dial::Result result, const std::string& request);
  void await_cancelled();

  // connection_relay.cc
  Peer& peer(Side side) { return side == Side::client ? *client_ : *server_; }
  bool may_read(Side side);
  void arm(Side side);
  void pump(Side side);
  bool feed(Side side, std::span<const std::byte> bytes);
  bool apply(session::Action action);
  void send_output();
  void flush_later(Side side);
  void on_flushed(Side side);
  void on_end(Side side);
  void after_server_bytes();
  void load_catalog();
  void on_catalog(const std::string& error);
  void terminate(std::string_view reason);

  // connection.cc
  void close_soon();
  void finish();
  void log_end(std::string_view why);

  Worker& worker_;
  std::shared_ptr<Peer> client_, server_;
  std::unique_ptr<session::Session> session_;
  std::shared_ptr<Database> database_;  // null when passed through
  std::unique_ptr<Opening> opening_;
  std::string client_address_;
  std::unique_ptr<ServerAddress> server_address_;  // until the cancel key is known
  std::string cancel_key_;
  Clock::time_point deadline_ = Clock::time_point::max();
  Phase phase_ = Phase::opening;
  bool over_limit_ = false;  // only to be told so
  bool pending_ = true;      // counted as not authenticated
  bool waits_for_catalog_ = false;
  bool draining_ = false;
};

}  // namespace pgconsent::net
