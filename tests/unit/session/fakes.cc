#include "tests/unit/session/fakes.h"

#include "tests/unit/session/message_text.h"

namespace pgconsent::session_test {

using enforce::Decision;
using enforce::Statement;

namespace {

// Fills the statement and returns what is to be sent for it.
std::string decide(const std::string& text, std::size_t index, const enforce::SessionState& state,
                   Statement& out) {
  const auto words = split_words(text);
  const std::string verb = words.empty() ? "" : words[0];
  if (verb == "secret" || verb == "value") {
    out.decision = Decision::masked;
    out.origins = {{100, 3}};
    if (verb == "value") out.run_time_refusal_rule = "public.t.ssn";
    return "masked(" + state.purpose + ")" + text;
  }
  if (verb == "clear") {
    out.decision = Decision::allowed;
    out.raw_allowed = {{100, 2}};
  }
  if (verb == "forbidden") {
    out.decision = Decision::refused;
    out.refusal = parser::SqlError{"42501", "pgconsent: forbidden", "Rule: r", "Ask.", 0};
    return enforce::refusal_statement(index, false);
  }
  if (verb == "set" || verb == "call" || verb == "discard") out.effects |= enforce::changes_state;
  if (verb == "discard") out.effects |= enforce::forgets_statements;
  if (verb == "create") out.effects |= enforce::changes_catalog;
  if (verb == "commit" || verb == "rollback") out.effects |= enforce::ends_transaction;
  if (verb == "prepare" || verb == "deallocate") {
    out.effects |= enforce::names_statement;
    out.prepared_name = words.at(1);
    out.raw_allowed = {{100, 2}};
  }
  return text;
}

}  // namespace

std::variant<enforce::PlanPtr, enforce::NeedsCatalog> FakePlanner::plan(std::string_view text,
                                                                        const enforce::SessionState& state,
                                                                        bool catalog_is_fresh) {
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
    const auto part = rest.substr(0, end);
    Statement statement;
    if (!plan->sql.empty()) plan->sql += ';';
    plan->sql += decide(part, plan->statements.size(), state, statement);
    plan->statements.push_back(std::move(statement));
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
  }
  plan->is_identity = plan->sql == text;
  return enforce::PlanPtr(std::move(plan));
}

std::optional<parser::SqlError> FakePlanner::check_purpose(std::string_view, std::string_view purpose) const {
  if (purpose == "support" || purpose == "marketing") return std::nullopt;
  return parser::SqlError{"22023", "pgconsent: unknown purpose", "Allowed: support, marketing.", "", 0};
}

}  // namespace pgconsent::session_test
