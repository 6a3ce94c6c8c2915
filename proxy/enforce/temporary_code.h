// What the session's temporary relations run. No snapshot holds them, and they are judged when they are made:
// once more by what the functions and relations that they use have become since.
#pragma once

#include <optional>

#include "proxy/enforce/generation.h"
#include "proxy/enforce/plan.h"

namespace pgconsent::enforce {

// Why a statement of the session may not run while it has them. `unknown`: one of them uses what is not in
// this catalog.
std::optional<parser::SqlError> refuse_temporary_code(const Generation& generation, const SessionState& state,
                                                      bool& unknown);

}  // namespace pgconsent::enforce
