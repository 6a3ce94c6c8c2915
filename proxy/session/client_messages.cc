// What the client sends: checked as the server's SocketBackend() checks it, then handed to the protocol in
// use.
#include <algorithm>
#include <array>
#include <cstdio>

#include "proxy/session/impl.h"

namespace pgconsent::session {

namespace sqlstate = parser::sqlstate;

namespace {

// 0: no such message.
std::uint32_t length_limit(char type) {
  switch (type) {
    case 'Q':
    case 'F':
    case 'B':
    case 'P':
    case 'd':
      return wire::large_message_limit;
    case 'C':
    case 'D':
    case 'E':
    case 'H':
    case 'S':
    case 'X':
    case 'c':
    case 'f':
      return wire::small_message_limit;
    default:
      return 0;
  }
}

// Large objects (pg_proc.dat): lo_open, lo_close, loread, lowrite, lo_lseek, lo_lseek64, lo_creat, lo_create,
// lo_tell, lo_tell64, lo_truncate, lo_truncate64, lo_unlink. libpq and JDBC call them by OID.
bool is_large_object_function(std::uint32_t oid) {
  static constexpr std::array<std::uint32_t, 13> oids = {715, 952, 953,  954,  955,  956, 957,
                                                         958, 964, 1004, 3170, 3171, 3172};
  return std::find(oids.begin(), oids.end(), oid) != oids.end();
}

}  // namespace

void Session::Impl::pump_client() {
  held_ = false;
  wire::Header header;
  while (phase_ != Phase::closed && !terminated_ && client_.header(header)) {
    // Before the end of authentication only what was asked for is looked at.
    const bool early = phase_ == Phase::settling || (phase_ == Phase::authenticating && !password_expected_);
    if (early || reload_pending_ || own_ != Own::none || copy_barrier_) {
      wait();
      return;
    }
    in_flight_.age().begin_message(config_.clock(), outside_transaction());
    if (!valid_client_header(header) || !client_message(header)) return;
    catalog_fresh_ = false;  // it was loaded for this message
    failed_aside_.clear();
  }
}

bool Session::Impl::valid_client_header(const wire::Header& header) {
  const bool authenticating = phase_ == Phase::authenticating;
  const auto limit = authenticating ? wire::max_auth_token_length : length_limit(header.type);
  if (limit == 0) {
    fatal(sqlstate::protocol_violation,
          "invalid frontend message type " + std::to_string(static_cast<unsigned char>(header.type)));
    return false;
  }
  if (header.length < 4 || header.length > limit) {
    fatal(sqlstate::protocol_violation, "invalid message length");
    return false;
  }
  return true;
}

bool Session::Impl::client_message(const wire::Header& header) {
  if (phase_ == Phase::authenticating) return client_in_authentication(header);
  if (header.type == 'X' && !client_.whole(header)) return false;  // nothing is read behind it
  if (planner_ == nullptr) return relay_client(header), true;
  if (header.type == 'X') {
    client_.pass(header);
    terminated_ = true;
    return true;
  }
  if (skipping_ && header.type != 'S') {
    client_.drop(header);  // the server would skip it
    return true;
  }
  return copy_in_ ? client_in_copy(header) : ready_message(header);
}

void Session::Impl::relay_client(const wire::Header& header) {
  if (header.type == 'Q' || header.type == 'S' || header.type == 'F') ++relay_pending_;
  if (header.type == 'X') terminated_ = true;
  client_.pass(header);
}

// As the server's CopyGetData(): Flush and Sync are ignored while it waits for data, so that they need not be
// sent.
bool Session::Impl::client_in_copy(const wire::Header& header) {
  switch (header.type) {
    case 'd':
      copy_data_sent_ = true;
      client_.pass(header);
      return true;
    case 'c':
    case 'f':
      client_.pass(header);
      copy_in_ = false;
      // A simple query may go on with another COPY.
      copy_barrier_ = !in_flight_.empty() && in_flight_.front().kind == Entry::Kind::query;
      return true;
    case 'S':
      copy_sync_dropped_ = true;
      client_.drop(header);
      return true;
    case 'H':
      client_.drop(header);
      return true;
    default:
      break;
  }
  char text[64];
  std::snprintf(text, sizeof text, "unexpected message type 0x%02X during COPY from stdin",
                static_cast<unsigned char>(header.type));
  fatal(sqlstate::protocol_violation, text);
  return false;
}

bool Session::Impl::ready_message(const wire::Header& header) {
  // The server would skip until the next Sync; what is meant can't be known.
  if ((header.type == 'S' || header.type == 'H') && header.body() != 0) {
    fatal(sqlstate::protocol_violation, "invalid message format");
    return false;
  }
  // Names are looked up among what is in flight: a client that never waits for answers has to, here.
  constexpr std::size_t max_in_flight = 1024;
  if (header.type != 'S' && in_flight_.size() > max_in_flight && !drained()) return wait();
  switch (header.type) {
    case 'Q':
      return on_query(header);
    case 'P':
      return on_parse(header);
    case 'B':
      return on_bind(header);
    case 'D':
      return on_describe(header);
    case 'E':
      return on_execute(header);
    case 'C':
      return on_close(header);
    case 'S':
      return on_sync(header);
    case 'H':
      client_.pass(header);
      flushed_ = true;
      return true;
    case 'F':
      return on_function_call(header);
    default:
      // CopyData, CopyDone, CopyFail after a COPY has failed: the server ignores them.
      client_.drop(header);
      return true;
  }
}

bool Session::Impl::on_function_call(const wire::Header& header) {
  if (!client_.whole(header) && !client_.starts(4)) return false;
  wire::Cursor cursor(client_.available(header));
  const auto oid = cursor.u32();
  if (!cursor.ok() || !is_large_object_function(oid)) {
    send_query(header,
               refusal("", {std::string(sqlstate::feature_not_supported),
                            "pgconsent: function calls without SQL text are not supported",
                            "Only the large-object functions can be called by a FunctionCall message.",
                            "Call the function in a SELECT.", 0}));
    return true;
  }
  Entry entry;
  entry.kind = Entry::Kind::function_call;
  in_flight_.push(std::move(entry));
  client_.pass(header);
  if (unsynced_) batch_ends();
  return true;
}

}  // namespace pgconsent::session
