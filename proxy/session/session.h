// One client session, sans-io: bytes in, bytes out, no sockets, no threads; the clock is given.
// Begins after the startup packet was read (proxy/net reads it, since TLS depends on it) and ends with the
// sockets. Used by one thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parser/catalog/snapshot.h"
#include "proxy/audit/log.h"
#include "proxy/audit/subjects.h"
#include "proxy/enforce/plan.h"
#include "proxy/wire/startup_packet.h"

namespace pgconsent::session {

// Bytes to be written, in order. The net layer drains and clears them after each call.
struct Output {
  std::string to_client;
  std::string to_server;
};

// What the net layer must do after a call, besides writing the output.
enum class Action {
  none,
  reload_catalog,  // load a snapshot newer than Session::wanted_catalog(), then call on_catalog(); no more
                   // input from the client until then (input from the server goes on)
  close,           // write what is left to the client, then close both sockets
};

struct Counters;

struct SessionConfig {
  std::uint64_t id = 0;  // for the audit
  std::string client_address;
  bool client_tls = false, server_tls = false;
  bool enforced = true;  // false: the database is passed through (`other_databases: pass`)
  std::size_t max_statement_bytes = std::size_t{16} << 20;  // longer Query and Parse texts are refused
  // What depends on consent is not read through snapshots that are older. Zero: unlimited.
  std::chrono::milliseconds max_snapshot_age{60'000};
  std::chrono::steady_clock::time_point (*clock)() = std::chrono::steady_clock::now;
  Counters* counters = nullptr;  // of the thread's; outlives the session
  audit::SubjectDirectory* subjects =
      nullptr;  // outlives the session; null: it is not told whose data rows show
};

class Session {
 public:
  // `planner` and `log` outlive the session. `planner` may be null when the database is not enforced.
  Session(SessionConfig config, const wire::StartupPacket& startup, enforce::Planner* planner,
          audit::Log* log);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // First call: the startup packet for the server (purpose checked and put into `options`, `_pq_.` options
  // taken out, minor version negotiated), or a FATAL error and Action::close.
  Action start(Output& out);

  // Bytes as they arrive, in pieces of any size. Large messages stream through in bounded memory.
  Action on_client(std::span<const std::byte> bytes, Output& out);
  Action on_server(std::span<const std::byte> bytes, Output& out);

  // The answer to Action::reload_catalog.
  std::uint64_t wanted_catalog() const;
  Action on_catalog(Output& out);

  // True: an answer of the server waits for its audit record to be on disk. No more input from the server
  // then, nor its end, until audit_is_due() (audit::Log::on_progress tells when to ask); then on_server()
  // without bytes.
  bool waits_for_audit() const;
  bool audit_is_due() const;

  // The peer closed its side, or the connection broke.
  Action on_client_eof(Output& out);
  Action on_server_eof(Output& out);

  // False while input from the client is held back until the server has answered: stop reading from the
  // client, so that memory stays bounded. Ask again after each call.
  bool wants_client_input() const;

  // SIGTERM: true when the session may be closed now (no transaction, nothing in flight).
  bool is_idle() const;
  // FATAL 57P01 to the client, Terminate to the server.
  void terminate(std::string_view reason, Output& out);

  bool is_authenticated() const;  // the first ReadyForQuery was seen: the authentication deadline ends
  // BackendKeyData as the server gave it (pid, secret); empty before. For CancelRequest routing.
  std::string_view cancel_key() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgconsent::session
