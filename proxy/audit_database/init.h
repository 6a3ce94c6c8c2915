// `pgconsent audit init`: brings the schema pgconsent_audit to what this version needs, in one transaction.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgconsent::audit_database {

inline constexpr const char* auditor_role = "pgconsent_auditor";

struct Migration {
  int version = 0;
  std::string_view name, sql;
};
std::vector<Migration> migrations();  // ascending, without gaps

struct InitResult {
  std::vector<std::string> done;  // what was (or would be) made, for people; empty: nothing to do
  std::string sql;                // the statements themselves
  std::string error, hint;        // not empty: nothing was changed
};

// `connection` is libpq's string; the role becomes the owner of the schema. Idempotent. A dry run changes
// nothing. Never throws.
InitResult initialise(const std::string& connection, bool dry_run);

}  // namespace pgconsent::audit_database
