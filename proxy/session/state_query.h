// Asks the server for what decides about plans besides the text: search path, roles, purpose, temporary
// relations.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proxy/enforce/plan.h"

namespace pgconsent::session {

// The name of the proxy's own statement and portal; clients may not use it.
inline constexpr std::string_view reserved_prefix = "pgconsent$", reserved_name = "pgconsent$own";

// One statement without parameters; every name in it is qualified, so that no search path can change its
// meaning.
std::string_view state_query();
// Likewise, of the temporary relations, where the path has a temporary schema.
std::string_view temporary_query();
// Likewise, one row: how the open transaction takes snapshots.
inline constexpr std::string_view isolation_query =
    "SELECT pg_catalog.current_setting('transaction_isolation')";

class StateReader {
 public:
  // One row of either query, in text format. False: not of the expected shape, or out of memory bounds.
  bool row(std::span<const std::optional<std::string_view>> fields);
  // After the last row. False: rows are missing.
  bool complete() const { return has_settings_; }
  // True, once: temporary_query() must be asked, too.
  bool needs_temporary();

  enforce::SessionState state;  // all but login_role, private_catalog and id
  std::string session_user;
  bool standard_conforming_strings = false;
  std::string client_encoding;

 private:
  bool use(std::span<const std::optional<std::string_view>> fields);

  bool has_settings_ = false, asked_temporary_ = false;
};

}  // namespace pgconsent::session
