// The Planner of plan.h: a plan cache in front of build_plan, for whatever generation is in force.
#pragma once

#include <functional>
#include <memory>

#include "proxy/enforce/counter.h"
#include "proxy/enforce/generation.h"
#include "proxy/enforce/plan.h"

namespace pgconsent::enforce {

struct PlannerOptions {
  std::size_t cache_bytes = std::size_t{32} << 20;  // per worker and database
  PlanCounters* counters = nullptr;                 // of the planner's thread; outlives the planner
};

// The generation in force, or null while the rules can't be enforced: everything but transaction control is
// refused then. Called several times per message: must be cheap. What it refers to stays until the next call.
using CurrentGeneration = std::function<const GenerationPtr&()>;

// The planner belongs to one thread.
std::unique_ptr<Planner> make_planner(CurrentGeneration current, const PlannerOptions& options);

}  // namespace pgconsent::enforce
