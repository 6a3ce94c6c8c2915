// What is done with one text. REQUIRES: settled().
#include <algorithm>
#include <chrono>

#include "proxy/session/dialect.h"
#include "proxy/session/impl.h"
#include "proxy/session/refusals.h"

namespace pgconsent::session {

using enforce::Plan;
using enforce::PlanPtr;
using enforce::Statement;

PlanPtr Session::Impl::decide(std::string_view text) {
  const auto start = std::chrono::steady_clock::now();
  PlanPtr plan = plan_for(text);
  decision_us_ =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count();
  return plan;
}

PlanPtr Session::Impl::plan_for(std::string_view text) {
  if ((unsafe_strings_ || unsafe_encoding_) && depends_on_dialect(text)) {
    return refusal(text, dialect_not_supported(unsafe_strings_));
  }
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
  if (!state_->private_catalog && plan->catalog_version != state_catalog_) {
    // A schema that another session has made can stand in this one's search path now.
    state_catalog_ = plan->catalog_version;
    state_dirty_ = true;
    if (!settled()) return nullptr;
    return decide(text);
  }
  for (const Statement& statement : plan->statements) {
    if (statement.prepared_name == reserved_name || statement.cursor_name == reserved_name) {
      return refusal(text, reserved_name_used());
    }
    const auto cursor = statement.cursor_name.empty() ? cursors_.end() : cursors_.find(statement.cursor_name);
    const bool fetches =
        cursor != cursors_.end() && statement.origins.empty() && !cursor->second.purpose.empty();
    if (fetches && !same_purpose(cursor->second.purpose_source, cursor->second.purpose)) {
      return refusal(text, opened_for_other_purpose());
    }
  }
  for (const Statement& statement : plan->statements) {
    if (statement.executed_name.empty()) continue;
    const PreparedPtr prepared = statements_.find(statement.executed_name);
    if (!prepared) continue;
    const bool current = planner_->is_current(*prepared->plan) && prepared->state == state_->id;
    if (!current) return refusal(text, prepared_for_other_rules(statement.executed_name));
  }
  if (plan->touches_protected()) {
    if (purpose_error_) return refusal(text, *purpose_error_);
    if (!audit_writable()) return refusal(text, audit_not_writable(), false);
  }
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
  if (state_) plan->purpose = state_->purpose;
  plan->purpose_source = "session";
  Statement statement;
  if (audited) statement.decision = enforce::Decision::refused;
  statement.audit.reason = error.message;
  statement.refusal = std::move(error);
  plan->statements.push_back(std::move(statement));
  return plan;
}

PlanPtr Session::Impl::silent_refusal(std::string_view text) const {
  auto plan = std::make_shared<Plan>();
  plan->original = text;
  plan->sql = enforce::refusal_statement(0, false);
  plan->is_identity = false;
  plan->statements.emplace_back();
  return plan;
}

// A purpose that a comment chose belongs to its statement; any other is the session's, which may have
// changed.
bool Session::Impl::same_purpose(std::string_view source, std::string_view purpose) const {
  if (source == "comment") return true;
  return state_->purpose == purpose || (state_->purpose.empty() && source == "role");
}

void Session::Impl::demand_catalog(std::uint64_t newer_than) {
  wanted_catalog_ = newer_than;
  reload_pending_ = true;
  action_ = Action::reload_catalog;
}

}  // namespace pgconsent::session
