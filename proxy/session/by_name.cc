// EXECUTE and FETCH: what they run was decided when it was made, under a name that the server has confirmed.
#include <algorithm>
#include <map>

#include "proxy/session/impl.h"
#include "proxy/session/refusals.h"

namespace pgconsent::session {

using enforce::ByName;
using enforce::Decision;
using enforce::Plan;
using enforce::PlanPtr;
using enforce::Statement;

namespace {

// Names and transactions that something run by name would change unseen.
constexpr std::uint32_t acts_on_session = enforce::ends_transaction | enforce::forgets_statements |
                                          enforce::names_statement | enforce::names_portal |
                                          enforce::forgets_portals | enforce::has_own_answer;

// Says of the statement what is known of the one it runs; `disclosure` is that one's.
void take_over(Statement& statement, const Statement& run, const enforce::DisclosurePtr& disclosure) {
  const bool graver = statement.decision == Decision::untouched || run.decision == Decision::masked;
  if (statement.decision != Decision::exempt && run.decision != Decision::untouched && graver)
    statement.decision = run.decision;
  statement.effects |= run.effects & (enforce::changes_state | enforce::changes_catalog);
  if (statement.by_name == ByName::execute || statement.by_name == ByName::fetch) {
    statement.origins = run.origins;
    statement.origins_gap = run.origins_gap;
    statement.disclosure = disclosure;
    statement.raw_allowed.insert(statement.raw_allowed.end(), run.raw_allowed.begin(), run.raw_allowed.end());
  }
  if (statement.by_name == ByName::execute_into && disclosure) statement.disclosure = moved(*disclosure);
  statement.target_names = run.target_names;
  statement.asks_conditions |= run.asks_conditions;
  statement.runs_row_code |= run.runs_row_code;
  statement.writes |= run.writes;
  statement.moves_rows |= run.moves_rows;
  if (statement.run_time_refusal_rule.empty()) statement.run_time_refusal_rule = run.run_time_refusal_rule;
  auto& audit = statement.audit;
  for (const std::string& text : run.audit.rules) enforce::add_unique(audit.rules, text);
  for (const std::string& text : run.audit.bases) enforce::add_unique(audit.bases, text);
  for (const std::string& text : run.audit.tables) enforce::add_unique(audit.tables, text);
  for (const std::string& text : run.audit.columns) enforce::add_unique(audit.columns, text);
  audit.statement += ": " + run.audit.statement;
  audit.fingerprint = run.audit.fingerprint;
}

// What earlier statements of the same text make: not known to the server yet. Null: taken away again.
class MadeBefore {
 public:
  void note(const Statement& statement) {
    if (statement.effects & enforce::forgets_statements) forgotten_ = true, prepared_.clear();
    if (statement.effects & enforce::names_statement)
      prepared_[statement.prepared_name] = statement.runs_later ? &statement : nullptr;
    if (statement.effects & enforce::names_portal)
      cursors_[statement.cursor_name] = statement.own_text.empty() ? nullptr : &statement;
  }

  // False: ask the session.
  bool find(const Statement& user, const Statement*& made) const {
    const bool fetches = user.by_name == ByName::fetch;
    const auto& names = fetches ? cursors_ : prepared_;
    const auto at = names.find(user.used_name);
    made = at == names.end() ? nullptr : at->second;
    return at != names.end() || (forgotten_ && !fetches);
  }

 private:
  bool forgotten_ = false;
  std::map<std::string_view, const Statement*> prepared_, cursors_;
};

}  // namespace

// A statement's part of a plan as a plan of its own.
PlanPtr alone(const Plan& plan, const Statement& statement) {
  auto result = std::make_shared<Plan>();
  result->original = statement.own_text;
  result->sql = statement.sent_text;
  result->is_identity = statement.own_text == statement.sent_text;
  result->runs_generated = !result->is_identity;
  result->purpose = plan.purpose;
  result->purpose_source = plan.purpose_source;
  result->generation = plan.generation;
  result->catalog_version = plan.catalog_version;
  result->rules_version = plan.rules_version;
  auto& only = result->statements.add(statement);
  only.runs_later = false;
  only.effects &= ~(enforce::names_statement | enforce::names_portal);
  return result;
}

// `runs`: else only described.
PlanPtr Session::Impl::with_names(const PlanPtr& plan, bool runs) {
  const auto uses = [](const Statement& s) { return s.by_name != ByName::nothing && !s.refusal; };
  if (std::none_of(plan->statements.begin(), plan->statements.end(), uses)) return plan;
  if (!settled()) return nullptr;
  auto result = std::make_shared<Plan>(*plan);
  MadeBefore before;
  for (Statement& statement : result->statements.change()) {
    if (uses(statement)) {
      const Statement* run = nullptr;
      PlanPtr run_plan;
      Statement made;
      if (before.find(statement, run)) {
        if (run != nullptr) {
          made = *run;
          made.effects &= ~acts_on_session;
          result->runs_generated |= run->own_text != run->sent_text;
          run = &made;
        }
      } else if (statement.by_name == ByName::fetch) {
        if (const auto portal = portals_.find(statement.used_name)) {
          if (auto objection = portal_objection(*portal)) return refusal(plan->original, *objection);
          run_plan = portal->running ? portal->running : portal->plan;
        } else {
          statement.effects |= enforce::changes_state;  // made by code
        }
      } else {
        PreparedPtr prepared;
        const auto currency = make_current(statement.used_name, prepared, plan.get());
        if (currency == Currency::wait) return nullptr;
        if (currency == Currency::refused) return prepared->plan;
        if (prepared) run_plan = prepared->plan;
      }
      if (run_plan && run_plan->statements.empty()) continue;
      if (run_plan) {
        run = &run_plan->statements.front();
        result->runs_generated |= !run_plan->is_identity || run_plan->runs_generated;
      }
      if (run != nullptr) {
        if (run->by_name != ByName::nothing || (run->effects & acts_on_session) != 0 || !run->takes_snapshot)
          return refusal(plan->original, runs_utility(statement.used_name));
        if (statement.by_name == ByName::explain_execute && !may_be_explained(*run, run_plan))
          return refusal(plan->original, explains_prepared(statement.used_name));
        take_over(statement, *run, run_plan ? run_plan->disclosure(0) : run->disclosure);
      } else if (runs && statement.by_name != ByName::fetch) {
        return refusal(plan->original, statement_unknown(statement.used_name), false);
      }
    }
    before.note(statement);
  }
  return if_permitted(std::move(result));
}

// EXPLAIN leaves out of the generated text what may not be seen. What was prepared without that can't be
// shown.
bool Session::Impl::may_be_explained(const Statement& run, const PlanPtr& plan) {
  if (run.decision == Decision::untouched || run.decision == Decision::exempt) return true;
  if (!run.own_text.empty() || !plan) return run.explainable;
  auto result = planner_->plan("EXPLAIN " + plan->original, *state_, true);
  const auto* explained = std::get_if<PlanPtr>(&result);
  if (explained == nullptr || is_refused(**explained)) return false;
  return plan->is_identity ? (*explained)->is_identity : (*explained)->sql == "EXPLAIN " + plan->sql;
}

// A statement that makes or drops names was completed.
void Session::Impl::names_changed(const Entry& entry, const Statement& statement, std::string_view tag) {
  const auto effects = statement.effects;
  if (effects & enforce::names_statement) {
    std::shared_ptr<PreparedStatement> prepared;
    if (tag == "PREPARE") {
      prepared = std::make_shared<PreparedStatement>();
      prepared->plan = alone(*entry.plan, statement);
      prepared->state = state_->id;
      prepared->from_sql = true;
    }
    statements_.set(statement.prepared_name, std::move(prepared));
  }
  if (effects & enforce::forgets_statements) {
    statements_.clear_named();
    key_lookups_.clear();
  }
  if (effects & enforce::names_portal) {
    PortalPtr portal;
    if (tag == "DECLARE CURSOR") {
      portal = std::make_shared<Portal>();
      portal->plan = alone(*entry.plan, statement);
      portal->state = state_;
      portal->declared = true;
      portal->outlives_transaction = statement.outlives_transaction;
      portal->opened = statement.outlives_transaction ? entry.snapshot : entry.sent_at;
    }
    portals_.set(statement.cursor_name, std::move(portal));
  }
  if (effects & enforce::forgets_portals) portals_.clear();
}

}  // namespace pgconsent::session
