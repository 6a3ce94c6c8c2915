#include <algorithm>

#include "parser/names/ascii.h"
#include "proxy/session/dialect.h"
#include "proxy/session/impl.h"
#include "proxy/session/refusals.h"
#include "proxy/wire/frontend/close.h"
#include "proxy/wire/frontend/describe.h"
#include "proxy/wire/frontend/execute.h"
#include "proxy/wire/frontend/flush.h"
#include "proxy/wire/frontend/parse.h"

namespace pgconsent::session {

namespace frontend = wire::frontend;
using Kind = Entry::Kind;

namespace {

constexpr std::size_t max_names_length = 8192;    // of portal and statement together, in Bind
constexpr std::size_t max_values_length = 65536;  // of a Bind that is looked at as a whole
constexpr std::size_t max_name = 63;              // NAMEDATALEN - 1: the server compares no more than that

std::optional<parser::SqlError> name_objection(std::string_view name) {
  if (name.starts_with(reserved_prefix)) return reserved_name_used();
  if (name.size() > max_name) return name_too_long();
  return std::nullopt;
}

}  // namespace

// A message is sent, and its answer awaited.
void Session::Impl::sent(Entry&& entry) {
  in_flight_.push(std::move(entry));
  unsynced_ = true;
  flushed_ = false;
}

// Makes the server fail in place of the message.
bool Session::Impl::refuse_message(const wire::Header& header, const enforce::PlanPtr& plan) {
  auto entry = make_entry(Kind::parse, plan);
  entry.swallowed = entry.must_fail = true;
  audit_sent(entry, *plan, true);
  serialize(frontend::Parse{reserved_name, plan->sql, {}}, client_.own());
  client_.drop(header);
  sent(std::move(entry));
  return true;
}

// The server converts names; the tables here compare bytes.
std::optional<bool> Session::Impl::unfit_name(const wire::Header& header, std::string_view name) {
  if (auto objection = name_objection(name)) return refuse_message(header, refusal("", *objection));
  if (parser::is_ascii(name)) return std::nullopt;
  if (!settled()) return wait();
  if (utf8_) return std::nullopt;
  return refuse_message(header, refusal("", names_in_another_encoding()));
}

template <typename Message>
std::optional<bool> Session::Impl::unfit(const wire::Header& header, Message& message,
                                         std::string_view Message::*name) {
  if (!client_.whole(header)) return false;
  if (!parse(client_.available(header), message))
    return refuse_message(header, refusal("", invalid_message_format(), false));
  return unfit_name(header, message.*name);
}

bool Session::Impl::on_parse(const wire::Header& header) {
  if (header.body() > config_.max_statement_bytes)
    return refuse_message(header, refusal("", statement_too_long(config_.max_statement_bytes)));
  frontend::Parse message;
  if (const auto done = unfit(header, message, &frontend::Parse::statement)) return *done;
  if (statements_.size() >= max_prepared_statements && !message.statement.empty())
    return refuse_message(header, refusal("", too_many_statements(max_prepared_statements), false));
  if (!settled()) return wait();
  auto plan = decide(message.text);
  if (!plan) return wait();

  auto entry = make_entry(Kind::parse, plan);
  audit_sent(entry, *plan, true);
  if (plan->effects() & enforce::runs_early) sent_effects(enforce::changes_state);
  auto prepared = std::make_shared<PreparedStatement>();
  prepared->plan = plan;
  prepared->state = state_->id;
  prepared->parameter_types = message.parameter_types;
  statements_.change(message.statement, std::move(prepared));
  entry.changes_statement = true;
  if (plan->is_identity) {
    client_.pass(header);
  } else {
    message.text = plan->sql;
    serialize(message, client_.own());
    client_.drop(header);
  }
  sent(std::move(entry));
  return true;
}

bool Session::Impl::on_bind(const wire::Header& header) {
  // Only the names are looked at; the values stream through, unless the audit asks for a key among them.
  wire::Cursor cursor(client_.available(header));
  const auto portal_name = cursor.cstring();
  const auto name = cursor.cstring();
  if (!cursor.ok()) {
    if (client_.whole(header)) return refuse_message(header, refusal("", invalid_message_format(), false));
    if (!client_.starts(max_names_length)) return false;
    return refuse_message(header, refusal("", name_too_long(), false));
  }
  for (const auto& used : {portal_name, name}) {
    if (const auto done = unfit_name(header, used)) return *done;
  }
  if (!client_.whole(header) && header.body() <= max_values_length && asks_values(name)) return false;
  PreparedPtr statement;
  const auto currency = make_current(name, statement);
  if (currency == Currency::wait) return wait();
  if (currency == Currency::refused) return refuse_message(header, statement->plan);
  if (!statement) return refuse_message(header, refusal("", statement_unknown(name), false));

  auto entry = make_entry(Kind::bind, statement->plan);
  auto portal = std::make_shared<Portal>();
  portal->plan = statement->plan;
  portal->state = state_;
  portal->opened = in_flight_.age().now();
  portal->batch = batch_;
  portal->bound = bound_values(header, *statement);
  // Planning a query calls immutable functions.
  const std::uint32_t effects = statement->plan->effects();
  if ((effects & enforce::changes_catalog) == 0) sent_effects(effects & enforce::changes_state);
  portals_.change(portal_name, std::move(portal));
  entry.changes_portal = true;
  if (currency == Currency::replaced) {
    statements_.change(name, std::move(statement));
    entry.changes_statement = true;
  }
  client_.pass(header);
  sent(std::move(entry));
  return true;
}

bool Session::Impl::on_describe(const wire::Header& header) {
  frontend::Describe message;
  if (const auto done = unfit(header, message, &frontend::Describe::name)) return *done;
  auto entry = make_entry(Kind::describe_portal);
  PreparedPtr replaced;
  if (message.target == wire::Target::portal) {
    if (const auto portal = portals_.find(message.name))
      entry.plan = portal->running ? portal->running : portal->plan;
  } else {
    PreparedPtr statement;
    const auto currency = make_current(message.name, statement);
    if (currency == Currency::wait) return wait();
    if (currency == Currency::refused) return refuse_message(header, statement->plan);
    if (!statement) return refuse_message(header, refusal("", statement_unknown(message.name), false));
    entry = make_entry(Kind::describe_statement, statement->plan);
    if (currency == Currency::replaced) replaced = std::move(statement);
  }
  if (const auto plan = entry.plan) {
    entry.plan = with_names(plan, false);
    if (!entry.plan) return wait();
    if (entry.plan != plan && is_refused(*entry.plan)) return refuse_message(header, entry.plan);
  }
  if (replaced) {
    statements_.change(message.name, std::move(replaced));
    entry.changes_statement = true;
  }
  client_.pass(header);
  sent(std::move(entry));
  return true;
}

bool Session::Impl::on_execute(const wire::Header& header) {
  frontend::Execute message;
  if (const auto done = unfit(header, message, &frontend::Execute::portal)) return *done;
  auto entry = make_entry(Kind::execute);
  if (const auto portal = portals_.find(message.portal)) {
    entry.plan = portal->running ? portal->running : portal->plan;
    entry.bound = portal->bound;
    if ((entry.plan->touches_protected() || (entry.plan->effects() & enforce::changes_catalog) != 0) &&
        !settled())
      return wait();
    if (auto objection = portal_objection(*portal)) return refuse_message(header, refusal("", *objection));
    if (!portal->running) {
      entry.plan = with_names(portal->plan);
      if (!entry.plan) return wait();
      if (entry.plan != portal->plan && is_refused(*entry.plan)) return refuse_message(header, entry.plan);
      portal->running = entry.plan;
    }
    const auto snapshot = snapshot_for(*entry.plan);
    if (snapshot == Snapshot::wait) return wait();
    if (snapshot == Snapshot::too_old) return refuse_message(header, refusal("", snapshot_error(false)));
    if (entry.plan->touches_protected() && !audit_writable())
      return refuse_message(header, refusal("", audit_not_writable(), false));
    audit_sent(entry, *entry.plan, false);
  }
  // What an unknown portal does is unknown too.
  sent_effects(entry.plan ? entry.plan->effects() : enforce::changes_state);
  const bool may_end = !entry.plan || (entry.plan->effects() & enforce::ends_transaction) != 0;
  entry.may_copy = entry.plan && may_be_copy(entry.plan->original);
  const bool may_copy = entry.may_copy;
  client_.pass(header);
  sent(std::move(entry));
  if (may_end) transaction_may_end(true);
  if (may_copy) {
    // While a COPY waits for data, the server ignores a Sync; so one must not be sent before it is known.
    serialize(frontend::Flush{}, client_.own());
    flushed_ = copy_barrier_ = true;
  }
  return true;
}

bool Session::Impl::on_close(const wire::Header& header) {
  frontend::Close message;
  if (const auto done = unfit(header, message, &frontend::Close::name)) return *done;
  auto entry = make_entry(Kind::close);
  if (message.target == wire::Target::statement) {
    statements_.change(message.name, nullptr);
    entry.changes_statement = true;
  } else {
    portals_.change(message.name, nullptr);
    entry.changes_portal = true;
  }
  client_.pass(header);
  sent(std::move(entry));
  return true;
}

// By Sync, or a message of the simple protocol. Outside a transaction block that ends the transaction, and
// takes back what SET LOCAL or an error does.
void Session::Impl::batch_ends() {
  if (state_changes_sent_) state_dirty_ = true;
  if (ddl_sent_) private_stale_ = true;
  ++batch_;
  unsynced_ = flushed_ = false;
}

bool Session::Impl::on_sync(const wire::Header& header) {
  batch_ends();
  transaction_may_end(false);
  in_flight_.push(make_entry(Kind::sync));
  client_.pass(header);
  skipping_ = false;
  return true;
}

}  // namespace pgconsent::session
