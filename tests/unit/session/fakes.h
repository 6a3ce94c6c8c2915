// A planner whose decisions stand in the text, and a log that can be made to fail.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "proxy/audit/log.h"
#include "proxy/enforce/plan.h"

namespace pgconsent::session_test {

// Statements are separated by `;`. The first word of each decides:
//   secret     masked; what is sent names the purpose; may come from column 100.3 (origins)
//   move       masked; writes elsewhere what it reads of customers
//   clear      allowed: column 100.2 may arrive raw
//   row N      masked; a lookup by key N: "masked row $1"
//   value      masked, and may fail at run time by rule public.t.ssn
//   forbidden  refused
//   set, call  changes the state           discard  also forgets prepared statements
//   create     DDL                         commit, rollback  end the transaction
//   prepare X S, declare X S               makes statement or cursor X of S; hold X S: a cursor that outlives
//   execute X, explain X, fetch X          runs it           deallocate X, close X   drops it
//   unknown    needs a newer catalog once
// Everything else is untouched. Protected columns: 100.2 and 100.3. Purposes of every role: support,
// marketing.
class FakePlanner : public enforce::Planner {
 public:
  std::variant<enforce::PlanPtr, enforce::NeedsCatalog> plan(std::string_view text,
                                                             const enforce::SessionState& state,
                                                             bool catalog_is_fresh) override;
  bool is_current(const enforce::Plan& plan) const override {
    return plan.catalog_version == catalog_version;
  }
  bool is_protected(enforce::ColumnOrigin column, const enforce::Plan*) const override {
    return column.table == 100 && (column.attnum == 2 || column.attnum == 3);
  }
  std::optional<parser::SqlError> check_purpose(std::string_view role,
                                                std::string_view purpose) const override;
  std::string default_purpose(std::string_view role) const override { return role == "dba" ? "" : "support"; }
  std::optional<std::chrono::milliseconds> max_snapshot_age(std::string_view role) const override {
    return role == "backup" ? std::optional(std::chrono::milliseconds(0)) : std::nullopt;
  }
  bool is_exempt(std::string_view role) const override { return role == "dba"; }
  bool messages_may_tell(std::string_view function, const enforce::Plan*) const override {
    return function == "tells";
  }
  bool errors_may_tell(std::string_view function, const enforce::Plan*) const override {
    return function == "tells" || function == "fails";
  }
  bool may_print_rows(std::string_view, std::string_view relation, bool touched,
                      const enforce::Plan*) const override {
    return !touched || relation == "open";
  }
  bool may_print_key(const enforce::PrintedKey& key, const enforce::Plan*) const override {
    return key.constraint == "open_key" && (key.sqlstate == "23505" || key.sqlstate == "23503");
  }

  std::uint64_t catalog_version = 1;
  std::string protected_word = "-";
  std::vector<std::string>
      states;  // "path purpose" at each plan, with [private] when the transaction has a catalog
};

class FakeLog : public audit::Log {
 public:
  std::uint64_t append(const audit::Record& record) override {
    records.push_back(std::string(record.decision));
    return records.size();
  }
  // "1: 5 rows", "2: 42501 0 rows"
  std::uint64_t append(const audit::Outcome& outcome) override {
    std::string text = std::to_string(outcome.outcome_of) + ":";
    if (!outcome.sqlstate.empty()) text.append(" ").append(outcome.sqlstate);
    if (outcome.rows) text.append(" ").append(std::to_string(*outcome.rows)).append(" rows");
    for (const std::string& kind : outcome.subjects_unknown) text.append(" unknown: ").append(kind);
    outcomes.push_back(std::move(text));
    return records.size();
  }
  bool written(std::uint64_t sequence) const override { return sequence <= in_file; }
  bool flush() override {
    if (!writable) return healthy_ = false;
    in_file = records.size();
    return healthy_ = true;
  }
  void start_flush() override {
    if (!slow) flush();
  }
  bool healthy() const override { return healthy_; }

  std::vector<std::string> records, outcomes;
  std::uint64_t in_file = 0;
  bool writable = true, slow = false;
  bool healthy_ = true;
};

std::string names(const std::string& verb, const std::string& name, const std::string& text,
                  std::size_t index, const enforce::SessionState& state, enforce::Statement& out);

// Fills the statement and returns what is to be sent for it.
inline std::string decide(const std::string& text, std::size_t index, const enforce::SessionState& state,
                          enforce::Statement& out) {
  std::istringstream words(text);
  std::string verb, name;
  words >> verb >> name;
  if (verb == "secret" || verb == "value") {
    out.decision = enforce::Decision::masked;
    out.origins = {{100, 3}};
    if (verb == "value") out.run_time_refusal_rule = "public.t.ssn";
    return "masked(" + state.purpose + ")" + text;
  }
  if (verb == "move") {
    auto disclosure = std::make_shared<enforce::Disclosure>();
    disclosure->others.push_back(disclosure->kind("customer"));
    out.disclosure = std::move(disclosure);
    out.decision = enforce::Decision::masked;
    out.moves_rows = true;
  }
  if (verb == "row") {
    out.decision = enforce::Decision::masked;
    return "masked " + text;
  }
  if (verb == "clear") {
    out.decision = enforce::Decision::allowed;
    out.raw_allowed = {{100, 2}};
  }
  if (verb == "forbidden") {
    out.decision = enforce::Decision::refused;
    out.refusal = parser::SqlError{"42501", "pgconsent: forbidden", "Rule: r", "Ask.", 0};
    return enforce::refusal_statement(index, false);
  }
  out.takes_snapshot = verb != "begin" && verb != "set" && verb != "commit" && verb != "rollback";
  if (verb == "set" || verb == "call" || verb == "discard") out.effects |= enforce::changes_state;
  if (verb == "discard") out.effects |= enforce::forgets_statements;
  if (verb == "create") out.effects |= enforce::changes_catalog;
  if (verb == "commit" || verb == "rollback") out.effects |= enforce::ends_transaction;
  return names(verb, name, text, index, state, out);
}

inline std::string names(const std::string& verb, const std::string& name, const std::string& text,
                         std::size_t index, const enforce::SessionState& state, enforce::Statement& out) {
  const bool declares = verb == "declare" || verb == "hold";
  std::string sent = text;
  if (verb == "prepare" || declares) {
    const auto inner = std::min(text.find(' ' + name) + name.size() + 2, text.size());
    sent = text.substr(0, inner) + decide(text.substr(inner), index, state, out);
    if (out.refusal) return enforce::refusal_statement(index, false);
    out.own_text = text;
    out.sent_text = sent;
    out.runs_later = !declares;
    out.outlives_transaction = verb == "hold";
  }
  if (verb == "prepare" || verb == "deallocate") {
    out.effects |= enforce::names_statement;
    out.prepared_name = name;
  }
  if (declares || verb == "close") {
    out.effects |= enforce::names_portal;
    out.cursor_name = name;
  }
  if (verb == "execute") out.by_name = enforce::ByName::execute;
  if (verb == "explain") out.by_name = enforce::ByName::explain_execute;
  if (verb == "fetch") out.by_name = enforce::ByName::fetch;
  if (out.by_name != enforce::ByName::nothing) out.used_name = name;
  return sent;
}

inline std::variant<enforce::PlanPtr, enforce::NeedsCatalog> FakePlanner::plan(
    std::string_view text, const enforce::SessionState& state, bool catalog_is_fresh) {
  if (text.starts_with("unknown") && !catalog_is_fresh) return enforce::NeedsCatalog{catalog_version};
  auto plan = std::make_shared<enforce::Plan>();
  plan->original = text;
  plan->purpose = state.purpose;
  plan->purpose_source = "session";
  plan->catalog_version = catalog_version;
  if (!text.empty()) {
    std::string seen;
    for (const auto& schema : state.search_path) seen += schema + " ";
    states.push_back(seen + state.purpose + (state.private_catalog ? " [private]" : ""));
  }
  std::string rest(text);
  while (!rest.empty()) {
    const auto end = rest.find(';');
    auto part = rest.substr(0, end);
    if (const auto at = part.find(protected_word); at != std::string::npos)
      part = part.replace(at, protected_word.size(), "secret");
    enforce::Statement statement;
    if (!plan->sql.empty()) plan->sql += ';';
    plan->sql += decide(part, plan->statements.size(), state, statement);
    plan->statements.add(std::move(statement));
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
  }
  plan->is_identity = plan->sql == text;
  if (plan->statements.size() == 1 && !plan->is_identity && plan->sql.ends_with(text)) {
    plan->edits = {{0, 0, static_cast<std::int32_t>(plan->sql.size() - text.size())}};
  }
  if (text.starts_with("row ")) {
    constexpr std::uint32_t int4 = 23;
    plan->key_lookup = std::make_shared<enforce::KeyLookup>(enforce::KeyLookup{1, "masked row $1", {int4}});
    plan->key_values.emplace_back(text.substr(4));
  }
  return enforce::PlanPtr(std::move(plan));
}

inline std::optional<parser::SqlError> FakePlanner::check_purpose(std::string_view,
                                                                  std::string_view purpose) const {
  if (purpose == "support" || purpose == "marketing") return std::nullopt;
  return parser::SqlError{"22023", "pgconsent: unknown purpose", "Allowed: support, marketing.", "", 0};
}

}  // namespace pgconsent::session_test
