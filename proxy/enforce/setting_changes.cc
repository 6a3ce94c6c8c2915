// What a SET changes for the statements behind it in the same text.
#include <algorithm>

#include "parser/names/ascii.h"
#include "proxy/enforce/definitions.h"

namespace pgconsent::enforce {

using parser::StatementFacts;

bool changes_purpose(const StatementFacts& facts, const Plan& plan, const SessionState& state) {
  if (facts.ends_transaction) return state.may_revert;
  const bool resets_all = facts.kind == parser::StatementKind::discard ||
                          (facts.kind == parser::StatementKind::set && facts.name.empty());
  if (resets_all) return plan.purpose_source == "session";
  if (facts.kind != parser::StatementKind::set) return false;
  return parser::lower(facts.name) == "pgconsent.purpose" &&
         (facts.reset || facts.values.size() != 1 || facts.values.front() != plan.purpose);
}

bool keeps_names(const StatementFacts& facts, const SessionState& state, std::vector<std::string>& path) {
  const std::string name = parser::lower(facts.name);
  if (name == "role") {
    // Back to the login role, which the session is in.
    const bool none = facts.reset || (facts.values.size() == 1 && facts.values.front() == "none");
    return none && state.role == state.login_role;
  }
  if (name != "search_path") return !name.empty() && name != "session_authorization";
  if (facts.reset || facts.values.empty()) return false;
  const auto temporary = std::find_if(
      path.begin(), path.end(), [](const std::string& schema) { return schema.starts_with("pg_temp_"); });
  std::vector<std::string> changed;
  const auto add = [&](std::string_view schema) {
    if (std::find(changed.begin(), changed.end(), schema) == changed.end()) changed.emplace_back(schema);
  };
  const auto is_listed = [&](std::string_view schema) {
    return std::find(facts.values.begin(), facts.values.end(), schema) != facts.values.end();
  };
  if (temporary != path.end() && !is_listed("pg_temp")) add(*temporary);
  if (!is_listed("pg_catalog")) add("pg_catalog");
  for (std::string_view value : facts.values) {
    if (value == "pg_temp" && temporary != path.end()) add(*temporary);
    if (value == "pg_temp") continue;
    if (value.starts_with("pg_temp_") || std::find(path.begin(), path.end(), value) == path.end())
      return false;
    add(value);
  }
  path = std::move(changed);
  return true;
}

}  // namespace pgconsent::enforce
