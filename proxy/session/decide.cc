// What is done with one text. REQUIRES: settled().
#include <algorithm>
#include <chrono>

#include "proxy/enforce/foreign_text.h"
#include "proxy/session/dialect.h"
#include "proxy/session/impl.h"
#include "proxy/session/refusals.h"

namespace pgconsent::session {

using enforce::Plan;
using enforce::PlanPtr;
using enforce::Statement;

bool is_refused(const Plan& plan) {
  return std::any_of(plan.statements.begin(), plan.statements.end(),
                     [](const Statement& s) { return s.refusal.has_value(); });
}

PlanPtr Session::Impl::decide(std::string_view text) {
  const auto start = std::chrono::steady_clock::now();
  PlanPtr plan = plan_for(text);
  decision_us_ =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count();
  if (config_.counters != nullptr) config_.counters->analysis.add(decision_us_);
  return plan;
}

PlanPtr Session::Impl::plan_for(std::string_view text) {
  if ((unsafe_strings_ || unsafe_encoding_) && depends_on_dialect(text)) {
    return refusal(text, dialect_not_supported(unsafe_strings_));
  }
  if (!utf8_ && !enforce::names_are_ascii(text, *state_)) return refusal(text, names_in_another_encoding());
  if (restricted()) return decide_restricted(text);
  auto result = planner_->plan(text, *state_, catalog_fresh_);
  if (const auto* needs = std::get_if<enforce::NeedsCatalog>(&result)) {
    if (!catalog_fresh_) {
      demand_catalog(needs->newer_than);
      return nullptr;
    }
    return refusal(text, catalog_unknown());
  }
  auto plan = std::get<PlanPtr>(std::move(result));
  if (!utf8_ && !enforce::adds_only_ascii(*plan)) return refusal(text, names_in_another_encoding());
  if (!state_->private_catalog && plan->catalog_version != state_catalog_) {
    // A schema that another session has made can stand in this one's search path now.
    state_catalog_ = plan->catalog_version;
    state_dirty_ = true;
    if (!settled()) return nullptr;
    return decide(text);
  }
  for (const Statement& statement : plan->statements) {
    for (const std::string* name : {&statement.prepared_name, &statement.cursor_name, &statement.used_name}) {
      if (name->starts_with(reserved_prefix)) return refusal(text, reserved_name_used());
    }
    if (statement.own_text.empty()) continue;
    if (statement.runs_later && statements_.size() >= max_prepared_statements)
      return refusal(text, too_many_statements(max_prepared_statements), false);
    if (!statement.runs_later && portals_.size() >= max_cursors)
      return refusal(text, too_many_cursors(max_cursors), false);
  }
  return if_permitted(std::move(plan));
}

PlanPtr Session::Impl::if_permitted(PlanPtr plan) {
  if (!plan->touches_protected()) return plan;
  if (purpose_error_) return refusal(plan->original, *purpose_error_);
  if (!audit_writable()) return refusal(plan->original, audit_not_writable(), false);
  return plan;
}

// A failed transaction after a change of state: what a text means can't be known, and only the end of the
// transaction is executed anyway. The rest gets the server's own answer (25P02) to a statement that means
// nothing.
PlanPtr Session::Impl::decide_restricted(std::string_view text) {
  const auto result = planner_->plan(text, *state_, false);
  const auto* plan = std::get_if<PlanPtr>(&result);
  if (plan == nullptr) return silent_refusal(text);
  const auto& statements = (*plan)->statements;
  const auto ends = [](const Statement& s) { return (s.effects & enforce::ends_transaction) != 0; };
  if ((*plan)->is_identity && std::all_of(statements.begin(), statements.end(), ends)) return *plan;
  // A syntax error comes before the server looks at the transaction.
  if (statements.size() == 1 && statements[0].refusal && statements[0].refusal->sqlstate == "42601")
    return *plan;
  return silent_refusal(text);
}

PlanPtr Session::Impl::refusal(std::string_view text, parser::SqlError error, bool audited) const {
  auto plan = std::make_shared<Plan>();
  plan->original = text;
  plan->sql = enforce::refusal_statement(0, false);
  plan->is_identity = false;
  plan->purpose = audited_purpose();
  if (state_) plan->purpose_source = state_->purpose_source;
  Statement statement;
  if (audited) statement.decision = enforce::Decision::refused;
  // The client's own text is not for the audit.
  const bool names_purpose = purpose_error_ && error.message == purpose_error_->message;
  statement.audit.reason = names_purpose ? "the purpose is not allowed" : error.message;
  statement.refusal = std::move(error);
  plan->statements.add(std::move(statement));
  return plan;
}

PlanPtr Session::Impl::silent_refusal(std::string_view text) const {
  auto plan = std::make_shared<Plan>();
  plan->original = text;
  plan->sql = enforce::refusal_statement(0, false);
  plan->is_identity = false;
  plan->statements.add();
  return plan;
}

void Session::Impl::demand_catalog(std::uint64_t newer_than) {
  wanted_catalog_ = newer_than;
  reload_pending_ = true;
  action_ = Action::reload_catalog;
}

}  // namespace pgconsent::session
