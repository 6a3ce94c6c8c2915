// Gives equal session states one object and one id, so that plans are shared between sessions of a worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "proxy/enforce/plan.h"

namespace pgconsent::session {

using StatePtr = std::shared_ptr<const enforce::SessionState>;

class StateTable {  // one per thread
 public:
  static StateTable& of_this_thread();
  // A state with a private catalog is never shared: it gets an id of its own.
  StatePtr intern(enforce::SessionState state);

 private:
  // Forgetting costs a plan cache miss, nothing else.
  static constexpr std::size_t max_states = 4096;
  std::unordered_map<std::string, StatePtr> states_;
  std::uint64_t last_id_ = 0;
};

}  // namespace pgconsent::session
