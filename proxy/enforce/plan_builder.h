// Makes the plan for one text: every statement decided, the text edited, the result checked (layers 1 and 2).
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "proxy/enforce/generation.h"
#include "proxy/enforce/plan.h"
#include "proxy/enforce/query_rewriter.h"

namespace pgconsent::enforce {

struct BuiltPlan {
  std::shared_ptr<Plan> plan;  // null: a name is not in the catalog (only without `catalog_is_fresh`)
  bool cacheable = true;       // false: it says that something does not exist
};

BuiltPlan build_plan(const Generation& generation, const SessionState& state, std::string_view text,
                     bool catalog_is_fresh, DerivedTableCache& tables);

// Where nothing is known for sure: transaction control passes, everything else is refused with `error`.
std::shared_ptr<Plan> refuse_all(std::string_view text, const parser::SqlError& error);

}  // namespace pgconsent::enforce
