#include "proxy/net/connection.h"

#include <spdlog/spdlog.h>

#include "parser/names/sql_error.h"
#include "proxy/net/database.h"
#include "proxy/net/fatal.h"
#include "proxy/net/worker.h"

namespace pgconsent::net {

namespace {
constexpr std::chrono::seconds closing_time{5};  // for what is still to be sent to a slow peer

Greeting::Encryption encryption(config::ListenTls::Mode mode) {
  switch (mode) {
    case config::ListenTls::Mode::absent:
      return Greeting::Encryption::absent;
    case config::ListenTls::Mode::allow:
      return Greeting::Encryption::allow;
    case config::ListenTls::Mode::require:
      return Greeting::Encryption::require;
  }
  return Greeting::Encryption::require;
}
}  // namespace

Connection::Connection(Worker& worker, int fd, std::string client_address, bool over_limit)
    : worker_(worker),
      client_(std::make_shared<Peer>(worker.io(), fd)),
      opening_(new Opening{Greeting(encryption(worker.settings().config->listen_tls.mode)), false, nullptr,
                           nullptr}),
      client_address_(std::move(client_address)),
      over_limit_(over_limit) {}

// finish() has run, or the worker is going away with all its connections.
Connection::~Connection() = default;

void Connection::start() {
  deadline_ = Clock::now() + worker_.settings().config->limits.authentication_timeout;
  client_->wait_readable([self = shared_from_this()] { self->read_greeting(); });
}

void Connection::on_late() {
  if (phase_ == Phase::opening || phase_ == Phase::relaying) log_end("not authenticated in time");
  finish();
}

void Connection::drain() {
  draining_ = true;
  if (phase_ == Phase::opening) return refuse(parser::sqlstate::admin_shutdown, shutdown_message);
  if (phase_ == Phase::relaying && (pending_ || session_->is_idle())) terminate(shutdown_message);
}

void Connection::stop() {
  if (phase_ == Phase::opening)
    client_->send(fatal_response(parser::sqlstate::admin_shutdown, shutdown_message));
  if (phase_ == Phase::relaying) terminate(shutdown_message);
  finish();
}

void Connection::terminate(std::string_view reason) {
  session_->terminate(reason, worker_.output());
  send_output();
  close_soon();
}

// Sends what is left, within closing_time.
void Connection::close_soon() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closing;
  deadline_ = Clock::now() + closing_time;
  bool done = true;
  for (Side side : {Side::client, Side::server}) {
    auto& socket = side == Side::client ? client_ : server_;
    if (!socket || !socket->is_open()) continue;
    if (!socket->has_pending() || socket->broken()) {
      socket->close();
      continue;
    }
    done = false;
    flush_later(side);
  }
  if (done) finish();
}

void Connection::finish() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  if (opening_ && opening_->dial) opening_->dial->cancel();
  opening_.reset();
  if (client_) client_->close();
  if (server_) server_->close();
  auto& shared = worker_.shared();
  if (!cancel_key_.empty()) shared.cancel_keys.remove(cancel_key_);
  if (pending_) --shared.counters.pending;
  --shared.counters.connections;
  worker_.remove(*this);  // may destroy this object
}

void Connection::log_end(std::string_view why) {
  spdlog::info("client {}: connection closed: {}", client_address_, why);
}

}  // namespace pgconsent::net
