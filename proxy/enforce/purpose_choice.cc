#include "proxy/enforce/purpose_choice.h"

#include <algorithm>

#include "parser/edit/comments.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

PurposeChoice choose_purpose(const Generation& generation, const SessionState& state,
                             const rules::Application* role, Plan& plan) {
  PurposeChoice choice;
  bool conflict = false;
  std::optional<std::string> comment = parser::purpose_in_comment(plan.original, conflict);
  plan.purpose_source = comment ? "comment" : state.purpose_source;
  plan.purpose = comment ? *comment : state.purpose;
  if (plan.purpose.empty() && role != nullptr && !role->purposes.empty()) {
    plan.purpose = role->purposes.front();
    plan.purpose_source = "role";
  }
  const std::string named = plan.purpose;
  const rules::Purpose* purpose = generation.policy().purpose(named);
  choice.is_undeclared = !named.empty() && purpose == nullptr;
  if (choice.is_undeclared) plan.purpose = "(undeclared)";
  if (conflict) {
    choice.error = refusal("the statement's comments name different purposes");
    return choice;
  }
  const bool allowed = role != nullptr &&
                       std::find(role->purposes.begin(), role->purposes.end(), named) != role->purposes.end();
  if (allowed) choice.purpose = purpose;
  if (allowed || named.empty() || (role != nullptr && role->exempt)) return choice;
  choice.error = refusal("purpose \"" + named + "\" is not allowed for this role");
  choice.error->sqlstate = parser::sqlstate::invalid_parameter_value;
  choice.error->hint = "Choose another one with SET pgconsent.purpose.";
  return choice;
}

}  // namespace pgconsent::enforce
