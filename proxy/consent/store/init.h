// `pgconsent init`: brings the schema pgconsent of one database to what the rules need, in one transaction.
#pragma once

#include <string>
#include <vector>

#include "rules/builtin_store.h"

namespace pgconsent::consent {

struct InitResult {
  std::vector<std::string> done;  // what was (or would be) made, for people; empty: nothing to do
  std::string sql;                // the statements themselves
  std::string error, hint;        // not empty: nothing was changed
};

// `connection` is libpq's string; the role becomes the owner of the schema. Idempotent. A dry run changes
// nothing. Never throws.
InitResult initialise(const std::string& connection, const rules::StoreNeeds& needs, bool dry_run);

}  // namespace pgconsent::consent
