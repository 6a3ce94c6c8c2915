// An error as PostgreSQL reports it to a client: https://www.postgresql.org/docs/15/protocol-error-fields.html
#pragma once

#include <string>
#include <string_view>

namespace pgconsent::parser {

// SQLSTATEs used by pgconsent itself (PostgreSQL's appendix A).
namespace sqlstate {
inline constexpr std::string_view protocol_violation = "08P01";
inline constexpr std::string_view connection_failure = "08006";
inline constexpr std::string_view feature_not_supported = "0A000";
inline constexpr std::string_view invalid_parameter_value = "22023";
inline constexpr std::string_view foreign_key_violation = "23503";
inline constexpr std::string_view unique_violation = "23505";
inline constexpr std::string_view invalid_authorization = "28000";
inline constexpr std::string_view invalid_catalog_name = "3D000";
inline constexpr std::string_view insufficient_privilege = "42501";
inline constexpr std::string_view syntax_error = "42601";
inline constexpr std::string_view undefined_table = "42P01";
inline constexpr std::string_view statement_too_complex = "54001";
inline constexpr std::string_view program_limit_exceeded = "54000";
inline constexpr std::string_view admin_shutdown = "57P01";
inline constexpr std::string_view cannot_connect_now = "57P03";
inline constexpr std::string_view io_error = "58030";
}  // namespace sqlstate

// All four texts may reach the client and the log: they never hold a data value.
struct SqlError {
  std::string sqlstate;
  std::string message;  // lower case, no full stop; the proxy's own start with "pgconsent: "
  std::string detail;   // names the rule that decided
  std::string hint;     // what to do
  int position = 0;     // 1-based, in characters of the client's own text; 0 when unknown
};

}  // namespace pgconsent::parser
