// The life of a session: bytes in, through the session, bytes out.
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <exception>

#include "proxy/net/connection.h"
#include "proxy/net/database.h"
#include "proxy/net/worker.h"

namespace pgconsent::net {

namespace {
constexpr int max_turns = 8;  // then other connections have their turn
constexpr std::size_t high_water = std::size_t{1}
                                   << 20;  // of what a session says on its own to the side it came from
}  // namespace

// Bytes are only taken in when what they turn into can be passed on.
bool Connection::may_read(Side side) {
  if (phase_ != Phase::relaying) return false;
  if (side == Side::server) {
    return !client_->has_pending() && server_->pending_bytes() < high_water && !session_->waits_for_audit();
  }
  return !waits_for_catalog_ && session_->wants_client_input() && !server_->has_pending() &&
         !server_->broken() && client_->pending_bytes() < high_water;
}

void Connection::arm(Side side) {
  if (peer(side).is_waiting_input() || !may_read(side)) return;
  auto handler = [self = shared_from_this(), side] { self->pump(side); };
  if (peer(side).has_input()) {
    asio::post(worker_.io(), std::move(handler));
  } else {
    peer(side).wait_input(std::move(handler));
  }
}

void Connection::pump(Side side) {
  std::span<std::byte> scratch = worker_.scratch();
  bool maybe_more = true;
  for (int turn = 0; turn < max_turns && maybe_more; ++turn) {
    if (phase_ != Phase::relaying || !may_read(side)) return;  // on_flushed() or load_catalog() goes on
    Peer& from = peer(side);
    std::size_t filled = 0;
    Stream::Result result;
    do {  // TLS gives one record at a time: a bufferful is collected, so that it goes out in one piece
      result = from.read(scratch.subspan(filled));
      filled += result.bytes;
    } while (from.stream().is_tls() && result.status == Stream::Status::ok && filled < scratch.size());
    if (filled > 0 && !feed(side, scratch.first(filled))) return;
    if (side == Side::server && session_->waits_for_audit()) return;  // on_audit() goes on, also with an end
    switch (result.status) {
      case Stream::Status::ok:
        maybe_more = filled == scratch.size();
        break;
      case Stream::Status::want_read:
        maybe_more = false;
        break;
      case Stream::Status::want_write:
        return peer(side).wait_writable([self = shared_from_this(), side] { self->pump(side); });
      case Stream::Status::closed:
      case Stream::Status::failed:
        return on_end(side);
    }
  }
  arm(side);
}

// False when the connection is ending.
bool Connection::feed(Side side, std::span<const std::byte> bytes) {
  session::Output& out = worker_.output();
  WorkerCounters& counters = worker_.counters();
  (side == Side::client ? counters.from_client : counters.from_server).add(bytes.size());
  try {
    bool go_on = side == Side::client ? apply(session_->on_client(bytes, out))
                                      : apply(session_->on_server(bytes, out));
    if (go_on && side == Side::server) after_server_bytes();
    if (side == Side::server && phase_ == Phase::relaying && session_->waits_for_audit())
      worker_.await_audit(shared_from_this());
    if (phase_ == Phase::relaying)
      arm(side == Side::client ? Side::server : Side::client);  // it may be wanted now
    return phase_ == Phase::relaying;
  } catch (const std::exception& e) {  // out of memory, or a mistake in the code: this session only
    spdlog::error("client {}: session ended by an internal error: {}", client_address_, e.what());
    finish();
    return false;
  }
}

void Connection::send_output() {
  session::Output& out = worker_.output();
  worker_.counters().to_server.add(out.to_server.size());
  worker_.counters().to_client.add(out.to_client.size());
  server_->send(out.to_server);
  client_->send(out.to_client);
  worker_.clear_output();
}

bool Connection::apply(session::Action action) {
  send_output();
  if (client_->broken()) {
    on_end(Side::client);
    return false;
  }
  if (client_->has_pending()) flush_later(Side::client);
  if (server_->has_pending()) flush_later(Side::server);
  switch (action) {
    case session::Action::none:
      return true;
    case session::Action::reload_catalog:
      load_catalog();
      return phase_ == Phase::relaying;
    case session::Action::close:
      close_soon();
      return false;
  }
  return false;
}

void Connection::flush_later(Side side) {
  auto handler = [self = shared_from_this(), side] {
    if (self->phase_ == Phase::closed) return;
    Peer& peer = self->peer(side);
    peer.flush();
    if (peer.has_pending()) return self->flush_later(side);
    self->on_flushed(side);
  };
  peer(side).wait_writable(handler);
}

void Connection::on_flushed(Side side) {
  if (phase_ == Phase::closing) return close_soon();
  if (phase_ != Phase::relaying) return;
  if (side == Side::client && client_->broken()) return on_end(Side::client);
  pump(side == Side::client ? Side::server : Side::client);
  arm(side);
}

// One side is gone: the session says what the other is to hear.
void Connection::on_end(Side side) {
  if (phase_ != Phase::relaying) return;
  session::Output& out = worker_.output();
  if (side == Side::client) {
    session_->on_client_eof(out);
  } else {
    session_->on_server_eof(out);
  }
  send_output();
  peer(side).close();
  close_soon();
}

void Connection::after_server_bytes() {
  if (pending_ && session_->is_authenticated()) {
    pending_ = false;
    --worker_.shared().counters.pending;
    deadline_ = Clock::time_point::max();
    cancel_key_ = session_->cancel_key();
    if (!cancel_key_.empty()) worker_.shared().cancel_keys.add(cancel_key_, *server_address_);
    server_address_.reset();
  }
  if (draining_ && !pending_ && session_->is_idle()) terminate(shutdown_message);
}

void Connection::on_audit() {
  if (phase_ == Phase::relaying && feed(Side::server, {})) pump(Side::server);
}

void Connection::load_catalog() {
  if (!database_ || waits_for_catalog_) return;
  waits_for_catalog_ = true;
  std::weak_ptr<Connection> weak = weak_from_this();
  database_->reload(session_->wanted_catalog(), [weak, &worker = worker_](std::string error) {
    worker.post([weak, error = std::move(error)] {
      if (auto self = weak.lock()) self->on_catalog(error);
    });
  });
}

void Connection::on_catalog(const std::string& error) {
  waits_for_catalog_ = false;
  if (phase_ != Phase::relaying) return;
  // The session would take a table that is not in the old catalog for one that does not exist.
  if (!error.empty()) return terminate("pgconsent: the catalog can't be loaded");
  if (apply(session_->on_catalog(worker_.output()))) pump(Side::client);
}

}  // namespace pgconsent::net
