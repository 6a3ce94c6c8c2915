// The purpose that a text acts for: named in its comments, or by the session, or the role's default.
#pragma once

#include <optional>

#include "proxy/enforce/generation.h"
#include "proxy/enforce/plan.h"

namespace pgconsent::enforce {

struct PurposeChoice {
  const rules::Purpose* purpose = nullptr;  // null: none is in force
  std::optional<parser::SqlError> error;    // for statements that touch protected data
  bool is_undeclared = false;  // the error names it: the client's own text, and not for the audit
};

// Also sets the plan's purpose and its source. `role` may be null.
PurposeChoice choose_purpose(const Generation& generation, const SessionState& state,
                             const rules::Application* role, Plan& plan);

}  // namespace pgconsent::enforce
