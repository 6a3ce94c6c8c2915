// From accept to the first byte for the server: encryption, startup packet, database, server connection.
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>

#include "parser/names/sql_error.h"
#include "proxy/net/connection.h"
#include "proxy/net/databases.h"
#include "proxy/net/fatal.h"
#include "proxy/net/worker.h"

namespace pgconsent::net {

namespace sqlstate = parser::sqlstate;

namespace {
constexpr std::size_t max_name_bytes = 63;  // NAMEDATALEN - 1: the server cuts longer ones
constexpr char tls_handshake_record = 0x16;
}  // namespace

void Connection::read_greeting() {
  if (phase_ != Phase::opening) return;
  auto again = [self = shared_from_this()] { self->read_greeting(); };
  Stream& stream = client_->stream();
  char first = 0;
  // A TLS record in place of a packet: left in the socket for OpenSSL.
  if (!stream.is_tls() && ::recv(client_->fd(), &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1 &&
      first == tls_handshake_record && worker_.settings().listen_tls) {
    return start_client_tls(true);
  }
  auto [status, n] = stream.read(worker_.scratch().first(2 * wire::max_startup_packet_length));
  switch (status) {
    case Stream::Status::ok:
      opening_->greeting.add(worker_.scratch().first(n));
      return step_greeting();
    case Stream::Status::want_read:
      return client_->wait_readable(again);
    case Stream::Status::want_write:
      return client_->wait_writable(again);
    case Stream::Status::closed:  // a port scan or a balancer's health check: not worth a line
    case Stream::Status::failed:
      return finish();
  }
}

void Connection::step_greeting() {
  Greeting& greeting = opening_->greeting;
  for (;;) {
    switch (greeting.next()) {
      case Greeting::Step::need_more:
        if (client_->stream().has_buffered()) {
          asio::post(worker_.io(), [self = shared_from_this()] { self->read_greeting(); });
          return;
        }
        return client_->wait_readable([self = shared_from_this()] { self->read_greeting(); });
      case Greeting::Step::answer_no:
        client_->send("N");
        continue;
      case Greeting::Step::start_tls:
        client_->send("S");
        return start_client_tls(false);
      case Greeting::Step::startup:
        return on_startup();
      case Greeting::Step::cancel:
        return on_cancel();
      case Greeting::Step::fatal:
        return refuse(greeting.fatal().sqlstate, greeting.fatal().message);
      case Greeting::Step::close:
        log_end("invalid startup packet");
        return finish();
    }
  }
}

void Connection::start_client_tls(bool direct) {
  opening_->direct_tls = direct;
  if (!client_->stream().start_tls_server(worker_.settings().listen_tls.get())) {
    log_end("TLS: " + client_->stream().error());
    return finish();
  }
  client_handshake();
}

void Connection::client_handshake() {
  if (phase_ != Phase::opening) return;
  auto again = [self = shared_from_this()] { self->client_handshake(); };
  Stream& stream = client_->stream();
  switch (stream.handshake()) {
    case Stream::Status::ok:
      break;
    case Stream::Status::want_read:
      return client_->wait_readable(again);
    case Stream::Status::want_write:
      return client_->wait_writable(again);
    case Stream::Status::closed:
      return finish();
    case Stream::Status::failed:
      log_end("TLS: " + stream.error());
      return finish();
  }
  // Without an agreed protocol anything that speaks TLS could be made to talk to us (ALPACA).
  if (opening_->direct_tls && !stream.has_alpn()) {
    log_end("TLS without SSLRequest needs ALPN `postgresql`");
    return finish();
  }
  opening_->greeting.tls_established();
  read_greeting();
}

void Connection::refuse(std::string_view state, std::string_view message, std::string_view hint) {
  log_end(message);
  ++worker_.shared().counters.refused;
  client_->send(fatal_response(state, message, {}, hint));
  close_soon();
}

void Connection::on_startup() {
  const wire::StartupPacket& startup = opening_->greeting.startup();
  if (over_limit_) return refuse("53300", "sorry, too many clients already");
  if (draining_) return refuse(sqlstate::admin_shutdown, "the database system is shutting down");
  std::string_view user = startup.get("user"), database = startup.get("database");
  if (user.empty()) {
    return refuse(sqlstate::invalid_authorization, "no PostgreSQL user name specified in startup packet");
  }
  if (database.empty()) database = user;
  if (user.size() > max_name_bytes || database.size() > max_name_bytes) {
    return refuse(sqlstate::invalid_catalog_name,
                  "pgconsent: a user or database name is longer than 63 bytes");
  }
  const config::Config& config = *worker_.settings().config;
  if (config.is_enforced(database)) return open_database(std::string(database));
  if (config.pass_other_databases) return dial_server();
  refuse(sqlstate::insufficient_privilege, "pgconsent: this database is not served here",
         "List it under `databases` in the configuration of pgconsent.");
}

void Connection::open_database(const std::string& name) {
  std::weak_ptr<Connection> weak = weak_from_this();
  worker_.shared().databases.open(
      name, [weak, &worker = worker_](std::shared_ptr<Database> database, std::string error) {
        worker.post([weak, database = std::move(database), error = std::move(error)] {
          if (auto self = weak.lock()) self->on_database(database, error);
        });
      });
}

void Connection::on_database(std::shared_ptr<Database> database, const std::string& error) {
  if (phase_ != Phase::opening) return;
  if (!database) {
    log_end("the catalog or the rules of its database can't be loaded: " + error);
    ++worker_.shared().counters.refused;
    client_->send(fatal_response(sqlstate::cannot_connect_now,
                                 "pgconsent: the catalog or the rules of this database can't be loaded", {},
                                 "The log of pgconsent has the reason."));
    return close_soon();
  }
  opening_->database = std::move(database);
  dial_server();
}

void Connection::dial_server() {
  std::vector<ServerAddress> hosts;
  const Settings& settings = worker_.settings();
  for (const config::Endpoint& endpoint : settings.config->servers) hosts.push_back({endpoint, {}});
  DialOptions options{settings.config->server_tls.mode, settings.server_tls,
                      settings.config->limits.connect_timeout};
  std::weak_ptr<Connection> weak = weak_from_this();
  opening_->dial =
      std::make_shared<Dial>(worker_.io(), std::move(hosts), std::move(options), [weak](Dial::Result result) {
        if (auto self = weak.lock()) self->begin_session(std::move(result));
      });
  auto dial = opening_->dial;  // may end this connection's opening before start() returns
  dial->start();
}

void Connection::begin_session(Dial::Result result) {
  if (phase_ != Phase::opening) return;
  if (!result.peer) {
    spdlog::error("can't connect to the server: {}", result.error);
    return refuse(sqlstate::connection_failure, "pgconsent: can't connect to the server");
  }
  server_ = std::move(result.peer);
  server_address_ = std::make_unique<ServerAddress>(std::move(result.address));
  std::unique_ptr<Opening> opening = std::move(opening_);
  database_ = std::move(opening->database);
  session::SessionConfig config;
  config.id = worker_.shared().next_session++;
  config.client_address = client_address_;
  config.client_tls = client_->stream().is_tls();
  config.server_tls = server_->stream().is_tls();
  // With the server's own certificate SCRAM channel binding (tls-server-end-point) holds from end to end: the
  // offer may pass as if there were no TLS in between.
  if (config.client_tls && config.server_tls && server_->stream().passes_certificate_to(client_->stream())) {
    config.client_tls = config.server_tls = false;
  }
  config.enforced = database_ != nullptr;
  config.counters = &worker_.counters().sessions;
  config.subjects = worker_.shared().subjects;
  config.max_snapshot_age = worker_.settings().config->limits.max_snapshot_age;
  config.max_statement_bytes = worker_.settings().config->limits.statement_bytes;
  enforce::Planner* planner = database_ ? worker_.planner(database_) : nullptr;
  session_ = std::make_unique<session::Session>(std::move(config), opening->greeting.startup(), planner,
                                                &worker_.shared().log);
  phase_ = Phase::relaying;
  if (!apply(session_->start(worker_.output()))) return;
  // A client may send on without waiting for an answer.
  std::span<const std::byte> rest = opening->greeting.rest();
  if (!rest.empty() && !feed(Side::client, rest)) return;
  arm(Side::server);
  pump(Side::client);
}

void Connection::on_cancel() {
  const wire::CancelRequest& cancel = opening_->greeting.cancel();
  phase_ = Phase::cancelling;
  std::string request;
  wire::serialize(cancel, request);
  // The packet ends with what BackendKeyData holds: process and secret.
  constexpr std::size_t header = 8;
  const Settings& settings = worker_.settings();
  auto server = worker_.shared().cancel_keys.find(std::string_view(request).substr(header));
  // Another proxy behind the same balancer may have given the key out: let the server decide.
  if (!server) server = ServerAddress{settings.config->servers.front(), {}};
  DialOptions options{settings.config->server_tls.mode, settings.server_tls,
                      settings.config->limits.connect_timeout};
  std::weak_ptr<Connection> weak = weak_from_this();
  auto handler = [weak, request](Dial::Result result) {
    if (auto self = weak.lock()) self->send_cancel(std::move(result), request);
  };
  std::vector<ServerAddress> hosts{std::move(*server)};
  opening_->dial = std::make_shared<Dial>(worker_.io(), std::move(hosts), std::move(options), handler);
  auto dial = opening_->dial;  // may end this connection's opening before start() returns
  dial->start();
}

void Connection::send_cancel(Dial::Result result, const std::string& request) {
  if (phase_ != Phase::cancelling) return;
  if (!result.peer) return finish();
  server_ = std::move(result.peer);
  server_->send(request);
  if (server_->has_pending()) return finish();  // 16 bytes do not fit: the server is stuck
  await_cancelled();
}

// The client's connection ends after the server's: so a client knows that the request was delivered.
void Connection::await_cancelled() {
  if (phase_ != Phase::cancelling) return;
  std::byte sink[64];
  auto again = [self = shared_from_this()] { self->await_cancelled(); };
  auto [status, n] = server_->stream().read(sink);
  if (status == Stream::Status::want_read) return server_->wait_readable(again);
  if (status == Stream::Status::want_write) return server_->wait_writable(again);
  finish();
}

}  // namespace pgconsent::net
