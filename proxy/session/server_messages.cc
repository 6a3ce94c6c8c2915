// What the server sends: matched with what it answers.
#include "parser/names/encodings.h"
#include "proxy/session/dialect.h"
#include "proxy/session/impl.h"
#include "proxy/wire/backend/command_complete.h"
#include "proxy/wire/backend/parameter_status.h"
#include "proxy/wire/backend/ready_for_query.h"
#include "proxy/wire/frontend/sync.h"

namespace pgconsent::session {

namespace backend = wire::backend;
using Kind = Entry::Kind;

namespace {

// Messages that must be read whole, and how large they may be. 0: not read whole.
std::size_t gather_limit(char type) {
  switch (type) {
    case 'R':
    case 'K':
    case 'S':
    case 'C':
      return std::size_t{64} << 10;
    case 'Z':
      return 1;
    case 'T':
      return std::size_t{4} << 20;
    default:
      return 0;
  }
}

bool takes_rows(const Entry& entry) {
  return entry.answered && !entry.swallowed && (entry.kind == Kind::query || entry.kind == Kind::execute);
}

}  // namespace

void Session::Impl::pump_server() {
  wire::Header header;
  while (phase_ != Phase::closed && server_.header(header)) {
    if (header.length < 4 || header.length > wire::large_message_limit + 4) {
      nonsense();
      return;
    }
    // Rows first: they are many.
    if ((header.type == 'D' || header.type == 'd') && !in_flight_.empty() && takes_rows(in_flight_.front())) {
      if (tracing_ != Tracing::off && !trace_row(header)) return;
      server_.pass(header);
      ++rows_;
      continue;
    }
    if (!server_message(header)) return;
  }
}

// False: more bytes are needed, or the session has ended.
bool Session::Impl::server_message(const wire::Header& header) {
  if (header.type == 'E') return error_response(header);
  if (header.type == 'N') return notice_response(header);
  if (const auto limit = gather_limit(header.type); limit > 0) {
    if (header.body() > limit) return nonsense();
    if (!server_.whole(header)) return false;
  }
  if (phase_ == Phase::authenticating) {
    if (gather_limit(header.type) == 0) return nonsense();
    return server_in_authentication(header), phase_ != Phase::closed;
  }
  if (planner_ == nullptr) return relay_server(header);
  switch (header.type) {
    case 'S':
      return parameter_status(header), true;
    case 'A':
      return server_.pass(header), true;
    case 'Z':
      return ready_for_query(header);
    default:
      return in_flight_.empty() ? nonsense() : answer(header);
  }
}

bool Session::Impl::relay_server(const wire::Header& header) {
  if (header.type == 'Z') {
    backend::ReadyForQuery ready;
    if (!parse(server_.available(header), ready)) return nonsense();
    transaction_ = ready.status;
    if (relay_pending_ > 0) --relay_pending_;
  }
  server_.pass(header);
  return true;
}

bool Session::Impl::answer(const wire::Header& header) {
  auto& entry = in_flight_.front();
  if (!audit_answer(entry)) return false;
  const auto kind = entry.kind;
  const bool runs = kind == Kind::query || kind == Kind::execute;
  const bool describes = kind == Kind::describe_statement || kind == Kind::describe_portal;
  switch (header.type) {
    case '1':
      return expect(header, kind == Kind::parse && !entry.must_fail, true);
    case '2':
      return expect(header, kind == Kind::bind, true);
    case '3':
      return expect(header, kind == Kind::close, true);
    case 't':
      return expect(header, kind == Kind::describe_statement, false);
    case 'n':
      return expect(header, describes, true);
    case 'T':
      return describes || kind == Kind::query ? row_description(header) : nonsense();
    case 'D':
      if (!entry.own_query || kind != Kind::execute) return row(header, runs);
      if (header.body() > (std::size_t{64} << 20)) return nonsense();
      if (!server_.whole(header)) return false;
      return own_row(header), true;
    case 'C':
    case 'I':
      return runs ? completed(header) : nonsense();
    case 's':
      if (kind == Kind::execute && !entry.swallowed) statement_ended(entry, {});
      return expect(header, kind == Kind::execute, true);
    case 'V':
      return expect(header, kind == Kind::function_call, false);
    case 'G':
    case 'H':
    case 'W':
      return runs && !entry.swallowed ? copy_response(header) : nonsense();
    case 'd':
      return row(header, runs && !entry.swallowed);
    case 'c':
      return expect(header, runs && !entry.swallowed, false);
    default:
      return nonsense();
  }
}

// `fits`: this is an answer to the message in front; `last`: the last one.
bool Session::Impl::expect(const wire::Header& header, bool fits, bool last) {
  if (!fits) return nonsense();
  if (in_flight_.front().swallowed) {
    server_.drop(header);
  } else {
    server_.pass(header);
  }
  if (last) pop_entry(true);
  return phase_ != Phase::closed;
}

void Session::Impl::pop_entry(bool confirmed) {
  auto& entry = in_flight_.front();
  if (entry.outcomes > 0) entry_failed(entry, confirmed ? std::string_view() : batch_error_);
  if (entry.changes_statement) confirmed ? statements_.confirm() : statements_.discard();
  if (entry.changes_portal) confirmed ? portals_.confirm() : portals_.discard();
  if (entry.may_copy) copy_barrier_ = copy_in_ = false;
  const bool ends_own = entry.ends_own && confirmed;
  in_flight_.pop();
  if (ends_own) own_finished();
}

bool Session::Impl::copy_response(const wire::Header& header) {
  const auto& entry = in_flight_.front();
  if (header.type != 'H') {
    if (!entry.may_copy) return nonsense();
    copy_in_ = true;
    copy_sync_dropped_ = copy_data_sent_ = false;
  }
  // After a COPY TO, a simple query may go on with a COPY FROM.
  if (header.type != 'H' || entry.kind == Kind::execute) copy_barrier_ = false;
  server_.pass(header);
  return true;
}

bool Session::Impl::completed(const wire::Header& header) {
  backend::CommandComplete message;
  if (header.type == 'C') {
    if (!parse(server_.available(header), message)) return nonsense();
    statement_completed(in_flight_.front(), message.tag);
  }
  auto& entry = in_flight_.front();
  if (!entry.own_query) statement_ended(entry, message.tag);
  ++entry.statement;
  return expect(header, true, entry.kind == Kind::execute);
}

void Session::Impl::statement_completed(const Entry& entry, std::string_view tag) {
  const auto* statement = statement_of(entry);
  if (statement == nullptr) return;
  if (statement->effects == 0) return;
  names_changed(entry, *statement, tag);
  if (tag == "COMMIT") in_flight_.age().ended(entry.sent_at);  // ROLLBACK may be one TO a savepoint
  // No ReadyForQuery yet, but what follows is not refused any more.
  if ((statement->effects & enforce::ends_transaction) && transaction_ == 'E') transaction_ = 'T';
}

bool Session::Impl::ready_for_query(const wire::Header& header) {
  backend::ReadyForQuery ready;
  if (!parse(server_.available(header), ready) || in_flight_.empty() || in_flight_.front().is_extended()) {
    return nonsense();
  }
  transaction_ = ready.status;
  if (in_flight_.front().swallowed) {
    server_.drop(header);
    pop_entry(true);
    return phase_ != Phase::closed;
  }
  server_.pass(header);
  if (transaction_ == 'I') in_flight_.age().ended(in_flight_.front().sent_at);
  pop_entry(true);
  if (in_flight_.empty()) end_sent_ = false;
  if (transaction_ == 'I') transaction_ended();
  return true;
}

void Session::Impl::parameter_status(const wire::Header& header) {
  backend::ParameterStatus status;
  if (!parse(server_.available(header), status)) {
    nonsense();
    return;
  }
  if (status.name == "standard_conforming_strings") unsafe_strings_ = status.value != "on";
  if (status.name == "client_encoding") utf8_ = status.value == "UTF8";
  if (status.name == "client_encoding") unsafe_encoding_ = parser::is_unsafe_encoding(status.value);
  if (status.name == "application_name") application_name_ = status.value;
  server_.pass(header);
}

bool Session::Impl::nonsense() {
  fatal(parser::sqlstate::protocol_violation, "pgconsent: the server's answer makes no sense");
  return false;
}

}  // namespace pgconsent::session
