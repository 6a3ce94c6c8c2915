// Prepared statements and portals never run under old rules: before each use the plan is held against what
// would be decided now. Where another text would be sent, the statement is prepared again; a portal is
// refused.
#include <algorithm>

#include "proxy/session/impl.h"
#include "proxy/session/refusals.h"
#include "proxy/wire/frontend/close.h"
#include "proxy/wire/frontend/parse.h"

namespace pgconsent::session {

namespace frontend = wire::frontend;
using enforce::Plan;
using enforce::PlanPtr;
using enforce::Statement;
using Kind = Entry::Kind;

namespace {

bool same_text_sent(const Plan& a, const Plan& b) {
  return a.is_identity == b.is_identity && (a.is_identity || a.sql == b.sql);
}

bool is_plain_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
}

}  // namespace

// A purpose that a comment chose belongs to its statement; any other is the session's, which may have
// changed.
bool Session::Impl::same_purpose(std::string_view source, std::string_view purpose) const {
  if (source == "comment") return true;
  return state_->purpose == purpose || (state_->purpose.empty() && source == "role");
}

// `user`: the EXECUTE that runs it, whose comment may choose its purpose; null: a message of the protocol.
PlanPtr Session::Impl::plan_again(const std::string& text, const Plan* user) {
  const bool commented = user != nullptr && user->purpose_source == "comment" && is_plain_word(user->purpose);
  return decide(commented ? text + "\n/*purpose='" + user->purpose + "'*/" : text);
}

// Is the statement's plan what would be decided now? If not, the server's statement is replaced before it is
// used.
Session::Impl::Currency Session::Impl::make_current(std::string_view name, PreparedPtr& statement,
                                                    const Plan* user) {
  if (names_sent_ && !drained()) return Currency::wait;
  names_sent_ = false;
  statement = statements_.find(name);
  if (!statement) return Currency::unknown;
  if (!settled()) return Currency::wait;
  const auto refuse = [&](PlanPtr plan) {
    auto refused = std::make_shared<PreparedStatement>();
    refused->plan = std::move(plan);
    statement = std::move(refused);
    return Currency::refused;
  };
  const Plan& plan = *statement->plan;
  if (restricted()) {
    const auto ends = [](const Statement& s) { return (s.effects & enforce::ends_transaction) != 0; };
    if (std::all_of(plan.statements.begin(), plan.statements.end(), ends)) return Currency::current;
    return refuse(silent_refusal(plan.original));
  }
  if (user == nullptr && is_refused(plan)) return Currency::current;  // its Parse fails, and is recorded
  const auto other_purpose = [&](const Plan& each) {
    return user != nullptr && each.touches_protected() && each.purpose != user->purpose;
  };
  const bool as_planned =
      state_->id == statement->state && planner_->is_current(plan) && !other_purpose(plan);
  if (as_planned && statement->on_server) return Currency::current;

  const std::string text = statement->text.empty() ? plan.original : statement->text;
  auto fresh_plan = plan_again(text, user);
  if (!fresh_plan) return Currency::wait;
  if (is_refused(*fresh_plan)) return refuse(fresh_plan);
  if (statement->from_sql) fresh_plan = alone(*fresh_plan, fresh_plan->statements.front());
  if (other_purpose(*fresh_plan)) return refuse(refusal("", prepared_for_other_rules(name)));
  auto fresh = std::make_shared<PreparedStatement>(*statement);
  fresh->plan = fresh_plan;
  if (text != fresh_plan->original) fresh->text = text;
  fresh->state = state_->id;
  fresh->on_server = true;
  if (statement->on_server && same_text_sent(plan, *fresh_plan)) {
    if (fresh->from_sql) statements_.set(name, fresh);
    statement = std::move(fresh);
    return statement->from_sql ? Currency::current : Currency::replaced;
  }
  if (!fresh->from_sql && user == nullptr) {
    prepare_again(name, statement, fresh);
    statement = std::move(fresh);
    return Currency::current;
  }
  if (failed_aside_ == name) return refuse(refusal("", prepared_for_other_rules(name)));
  if (drained()) prepare_aside(name, std::move(fresh));
  return Currency::wait;
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
  sent(std::move(parse));
}

// By the proxy's own messages, answered before the client's message is looked at again: SQL's PREPARE can't
// stand in a batch of the client's, and a simple query can't follow a Parse that fails.
void Session::Impl::prepare_aside(std::string_view name, PreparedPtr fresh) {
  auto gone = std::make_shared<PreparedStatement>(*fresh);
  gone->on_server = false;
  statements_.set(name, std::move(gone));
  const Plan& plan = *fresh->plan;
  const std::string& text = plan.is_identity ? plan.original : plan.sql;
  begin_own(Own::prepare);
  const auto own = [&](Kind kind) {
    auto entry = make_entry(kind);
    entry.swallowed = entry.own_query = true;
    in_flight_.push(std::move(entry));
  };
  serialize(frontend::Close{wire::Target::statement, name}, client_.own()), own(Kind::close);
  if (fresh->from_sql) {
    ask(text, 0);
  } else {
    serialize(frontend::Parse{name, text, fresh->parameter_types}, client_.own()), own(Kind::parse);
  }
  end_own();
  aside_name_ = name;
  aside_ = std::move(fresh);
}

void Session::Impl::prepared_aside(bool failed) {
  if (failed) {
    failed_aside_ = aside_name_;
  } else {
    statements_.set(aside_name_, aside_);
  }
  aside_.reset();
}

// Would the portal be opened in the same way now? Its names were resolved when it was, so in its own state.
bool Session::Impl::still_holds(Portal& portal) {
  if (portal.running && portal.running != portal.plan) return planner_->is_current(*portal.running);
  const Plan& plan = *portal.plan;
  if (planner_->is_current(plan)) return true;
  auto result = planner_->plan(plan.original, *portal.state, true);
  auto* fresh = std::get_if<PlanPtr>(&result);
  if (fresh == nullptr || is_refused(**fresh)) return false;
  if (portal.declared) *fresh = alone(**fresh, (*fresh)->statements.front());
  if (!same_text_sent(plan, **fresh)) return false;
  if (portal.running) portal.running = *fresh;
  portal.plan = std::move(*fresh);
  return true;
}

// REQUIRES: settled(), where the portal shows protected data or changes the catalog.
std::optional<parser::SqlError> Session::Impl::portal_objection(Portal& portal) {
  const Plan& plan = portal.running ? *portal.running : *portal.plan;
  if (is_refused(plan)) return std::nullopt;
  if (plan.touches_protected() && !same_purpose(plan.purpose_source, plan.purpose))
    return opened_for_other_purpose();
  if (plan.depends_on_consent() && is_too_old(portal.opened)) return snapshot_error(true);
  // Definitions resolve their names when they run.
  const bool defines = !portal.declared && (plan.effects() & enforce::changes_catalog) != 0;
  if (defines && state_->id != portal.state->id) return opened_for_other_rules();
  if (!is_just_bound(portal) && !still_holds(portal)) return opened_for_other_rules();
  return std::nullopt;
}

// Bind and Execute sent together are one statement to the client: rules that come into force between the two
// are in force for the next one.
bool Session::Impl::is_just_bound(const Portal& portal) const {
  constexpr std::chrono::seconds together{1};
  return portal.batch == batch_ && !portal.running && portal.state == state_ && !ddl_sent_ &&
         in_flight_.age().now() - portal.opened < together;
}

}  // namespace pgconsent::session
