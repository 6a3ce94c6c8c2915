// Where the admin listener's answers come from.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "proxy/admin/numbers.h"

namespace pgconsent::admin {

// Both are called on the listener's thread and must be quick.
struct Sources {
  std::function<Numbers()> numbers;
  // Why no traffic should be sent here, one line each; empty: ready.
  std::function<std::vector<std::string>()> problems;
};

}  // namespace pgconsent::admin
