#include <algorithm>

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

constexpr std::size_t max_prepared_statements = 10000;
constexpr std::size_t max_names_length = 8192;  // of portal and statement together, in Bind
constexpr std::size_t max_name = 63;            // NAMEDATALEN - 1: the server compares no more than that

Entry make_entry(Kind kind, enforce::PlanPtr plan = nullptr) {
  Entry entry;
  entry.kind = kind;
  entry.plan = std::move(plan);
  return entry;
}

bool is_refused(const enforce::Plan& plan) {
  return std::any_of(plan.statements.begin(), plan.statements.end(),
                     [](const enforce::Statement& s) { return s.refusal.has_value(); });
}

std::optional<parser::SqlError> name_objection(std::string_view name) {
  if (name == reserved_name) return reserved_name_used();
  if (name.size() > max_name) return name_too_long();
  return std::nullopt;
}

bool same_text_sent(const enforce::Plan& a, const enforce::Plan& b) {
  return a.is_identity == b.is_identity && (a.is_identity || a.sql == b.sql);
}

}  // namespace

void Session::Impl::refuse_message(const wire::Header& header, const enforce::PlanPtr& plan) {
  auto entry = make_entry(Kind::parse, plan);
  entry.swallowed = entry.must_fail = true;
  audit_sent(entry, *plan, true);
  serialize(frontend::Parse{reserved_name, plan->sql, {}}, client_.own());
  client_.drop(header);
  in_flight_.push(std::move(entry));
  unsynced_ = true;
  flushed_ = false;
}

bool Session::Impl::on_parse(const wire::Header& header) {
  if (header.body() > config_.max_statement_bytes) {
    refuse_message(header, refusal("", statement_too_long(config_.max_statement_bytes)));
    return true;
  }
  if (!client_.whole(header)) return false;
  frontend::Parse message;
  if (!parse(client_.available(header), message)) {
    refuse_message(header, refusal("", invalid_message_format(), false));
    return true;
  }
  if (auto objection = name_objection(message.statement)) {
    refuse_message(header, refusal("", *objection));
    return true;
  }
  if (statements_.size() >= max_prepared_statements && !message.statement.empty()) {
    refuse_message(header, refusal("", too_many_statements(max_prepared_statements), false));
    return true;
  }
  if (!settled()) return wait();
  auto plan = decide(message.text);
  if (!plan) return wait();

  auto entry = make_entry(Kind::parse, plan);
  audit_sent(entry, *plan, true);
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
  in_flight_.push(std::move(entry));
  unsynced_ = true;
  flushed_ = false;
  return true;
}

// Is the statement's plan what would be decided now? If not, the server's statement is replaced before it is
// used.
Session::Impl::Currency Session::Impl::make_current(std::string_view name, PreparedPtr& statement) {
  statement = statements_.find(name);
  if (!statement) return Currency::unknown;
  if (!settled()) return Currency::wait;
  const auto refuse = [&](enforce::PlanPtr plan) {
    auto refused = std::make_shared<PreparedStatement>();
    refused->plan = std::move(plan);
    statement = std::move(refused);
    return Currency::refused;
  };
  const auto& plan = *statement->plan;
  if (restricted()) {
    const auto ends = [](const enforce::Statement& s) {
      return (s.effects & enforce::ends_transaction) != 0;
    };
    if (std::all_of(plan.statements.begin(), plan.statements.end(), ends)) return Currency::current;
    return refuse(silent_refusal(plan.original));
  }
  const bool as_planned = state_->id == statement->state && planner_->is_current(plan);
  if (statement->from_sql) {
    if (as_planned || (state_->purpose == plan.purpose && planner_->is_current(plan)))
      return Currency::unknown;
    return refuse(refusal("", prepared_for_other_rules(name)));
  }
  if (as_planned && statement->on_server) return Currency::current;

  const auto fresh_plan = decide(plan.original);
  if (!fresh_plan) return Currency::wait;
  if (is_refused(*fresh_plan)) return refuse(fresh_plan);
  auto fresh = std::make_shared<PreparedStatement>(*statement);
  fresh->plan = fresh_plan;
  fresh->state = state_->id;
  fresh->on_server = true;
  const bool same = statement->on_server && same_text_sent(plan, *fresh_plan);
  if (!same) prepare_again(name, statement, fresh);
  statement = std::move(fresh);
  return same ? Currency::replaced : Currency::current;
}

void Session::Impl::prepare_again(std::string_view name, const PreparedPtr& old, const PreparedPtr& fresh) {
  // Should the new Parse fail, the old statement is gone: the next use tries again.
  auto closed = std::make_shared<PreparedStatement>(*old);
  closed->on_server = false;
  auto close = make_entry(Kind::close);
  close.swallowed = close.changes_statement = true;
  statements_.change(name, std::move(closed));
  serialize(frontend::Close{wire::Target::statement, name}, client_.own());
  in_flight_.push(std::move(close));

  auto parse = make_entry(Kind::parse, fresh->plan);
  parse.swallowed = parse.changes_statement = true;
  statements_.change(name, fresh);
  const auto& plan = *fresh->plan;
  serialize(frontend::Parse{name, plan.is_identity ? plan.original : plan.sql, fresh->parameter_types},
            client_.own());
  in_flight_.push(std::move(parse));
  unsynced_ = true;
  flushed_ = false;
}

bool Session::Impl::on_bind(const wire::Header& header) {
  // Only the names are looked at; the values stream through.
  wire::Cursor cursor(client_.available(header));
  const auto portal = cursor.cstring();
  const auto name = cursor.cstring();
  if (!cursor.ok()) {
    if (client_.whole(header))
      return refuse_message(header, refusal("", invalid_message_format(), false)), true;
    if (!client_.starts(max_names_length)) return false;
    return refuse_message(header, refusal("", name_too_long(), false)), true;
  }
  for (const auto& used : {portal, name}) {
    if (auto objection = name_objection(used)) return refuse_message(header, refusal("", *objection)), true;
  }
  PreparedPtr statement;
  const auto currency = make_current(name, statement);
  if (currency == Currency::wait) return wait();
  if (currency == Currency::refused) return refuse_message(header, statement->plan), true;
  if (!statement) return refuse_message(header, refusal("", statement_unknown(name), false)), true;

  auto entry = make_entry(Kind::bind, currency == Currency::unknown ? nullptr : statement->plan);
  portals_.change(portal, entry.plan);
  entry.changes_portal = true;
  if (currency == Currency::replaced) {
    statements_.change(name, std::move(statement));
    entry.changes_statement = true;
  }
  client_.pass(header);
  in_flight_.push(std::move(entry));
  unsynced_ = true;
  flushed_ = false;
  return true;
}

bool Session::Impl::on_describe(const wire::Header& header) {
  if (!client_.whole(header)) return false;
  frontend::Describe message;
  if (!parse(client_.available(header), message)) {
    return refuse_message(header, refusal("", invalid_message_format(), false)), true;
  }
  if (auto objection = name_objection(message.name))
    return refuse_message(header, refusal("", *objection)), true;

  Entry entry;
  if (message.target == wire::Target::portal) {
    entry = make_entry(Kind::describe_portal, portals_.find(message.name));
  } else {
    PreparedPtr statement;
    const auto currency = make_current(message.name, statement);
    if (currency == Currency::wait) return wait();
    if (currency == Currency::refused) return refuse_message(header, statement->plan), true;
    if (!statement) return refuse_message(header, refusal("", statement_unknown(message.name), false)), true;
    entry = make_entry(Kind::describe_statement, currency == Currency::unknown ? nullptr : statement->plan);
    if (currency == Currency::replaced) {
      statements_.change(message.name, std::move(statement));
      entry.changes_statement = true;
    }
  }
  client_.pass(header);
  in_flight_.push(std::move(entry));
  unsynced_ = true;
  flushed_ = false;
  return true;
}

bool Session::Impl::on_execute(const wire::Header& header) {
  if (!client_.whole(header)) return false;
  frontend::Execute message;
  if (!parse(client_.available(header), message)) {
    return refuse_message(header, refusal("", invalid_message_format(), false)), true;
  }
  if (auto objection = name_objection(message.portal))
    return refuse_message(header, refusal("", *objection)), true;

  auto entry = make_entry(Kind::execute, portals_.find(message.portal));
  const auto plan = entry.plan;
  if (plan && plan->touches_protected()) {
    if (!settled()) return wait();
    if (!same_purpose(plan->purpose_source, plan->purpose)) {
      return refuse_message(header, refusal("", opened_for_other_purpose())), true;
    }
  }
  if (plan && plan->touches_protected() && !audit_writable()) {
    return refuse_message(header, refusal("", audit_not_writable(), false)), true;
  }
  if (plan) audit_sent(entry, *plan, false);
  // What an unknown portal does is unknown too.
  sent_effects(plan ? plan->effects() : enforce::changes_state);
  entry.may_copy = plan && may_be_copy(plan->original);
  client_.pass(header);
  in_flight_.push(std::move(entry));
  unsynced_ = true;
  flushed_ = false;
  if (in_flight_.back().may_copy) {
    // While a COPY waits for data, the server ignores a Sync; so one must not be sent before it is known.
    serialize(frontend::Flush{}, client_.own());
    flushed_ = copy_barrier_ = true;
  }
  return true;
}

bool Session::Impl::on_close(const wire::Header& header) {
  if (!client_.whole(header)) return false;
  frontend::Close message;
  if (!parse(client_.available(header), message)) {
    return refuse_message(header, refusal("", invalid_message_format(), false)), true;
  }
  if (auto objection = name_objection(message.name))
    return refuse_message(header, refusal("", *objection)), true;
  auto entry = make_entry(Kind::close);
  if (message.target == wire::Target::statement) {
    statements_.change(message.name, nullptr);
    entry.changes_statement = true;
  } else {
    portals_.change(message.name, nullptr);
    entry.changes_portal = true;
  }
  client_.pass(header);
  in_flight_.push(std::move(entry));
  unsynced_ = true;
  flushed_ = false;
  return true;
}

bool Session::Impl::on_sync(const wire::Header& header) {
  // Outside a transaction block it ends the transaction, and with it what SET LOCAL or an error takes back.
  if (state_changes_sent_) state_dirty_ = true;
  if (ddl_sent_) private_stale_ = true;
  in_flight_.push(make_entry(Kind::sync));
  client_.pass(header);
  skipping_ = unsynced_ = flushed_ = false;
  return true;
}

}  // namespace pgconsent::session
