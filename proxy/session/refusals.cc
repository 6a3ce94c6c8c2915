#include "proxy/session/refusals.h"

#include "proxy/session/state_query.h"

namespace pgconsent::session {

using parser::SqlError;
namespace sqlstate = parser::sqlstate;

SqlError statement_too_long(std::size_t limit) {
  return {std::string(sqlstate::program_limit_exceeded), "pgconsent: statement is too long",
          "Statements of more than " + std::to_string(limit) + " bytes are not analysed.",
          "Send large values as parameters or with COPY.", 0};
}

SqlError invalid_message_format() {
  return {std::string(sqlstate::protocol_violation), "invalid message format", "", "", 0};
}

SqlError reserved_name_used() {
  return {std::string(sqlstate::insufficient_privilege),
          "pgconsent: names that begin with `" + std::string(reserved_prefix) + "` are reserved",
          "The proxy uses them for its own statements on this connection.", "Choose another name.", 0};
}

SqlError too_many_statements(std::size_t limit) {
  return {std::string(sqlstate::program_limit_exceeded), "pgconsent: too many prepared statements",
          "A session may hold " + std::to_string(limit) + " of them.",
          "Close statements that are no longer needed.", 0};
}

SqlError name_too_long() {
  return {std::string(sqlstate::program_limit_exceeded),
          "pgconsent: name of a portal or statement is too long", "", "", 0};
}

parser::SqlError statement_unknown(std::string_view name) {
  // As the server says it.
  if (name.empty()) return {"26000", "unnamed prepared statement does not exist", {}, {}, 0};
  return {"26000", "prepared statement \"" + std::string(name) + "\" does not exist", {}, {}, 0};
}

parser::SqlError opened_for_other_purpose() {
  return {std::string(parser::sqlstate::insufficient_privilege),
          "pgconsent: the portal or cursor was opened for another purpose",
          {},
          "Run the query again.",
          0};
}

SqlError opened_for_other_rules() {
  return {std::string(sqlstate::insufficient_privilege),
          "pgconsent: the portal or cursor was opened under other rules",
          "The rules or the definitions they rest on have changed since.", "Run the query again.", 0};
}

SqlError snapshot_too_old(bool cursor, std::chrono::milliseconds limit) {
  const auto seconds = limit.count() / 1000;
  const std::string age =
      limit.count() % 1000 == 0 ? std::to_string(seconds) + " s" : std::to_string(limit.count()) + " ms";
  return {std::string(sqlstate::insufficient_privilege),
          cursor ? "pgconsent: the portal or cursor is too old to read protected data"
                 : "pgconsent: the transaction's snapshot is too old to read protected data",
          "It shows the consents of its own time: max_snapshot_age is " + age + ".",
          cursor ? "Run the query again." : "End the transaction and begin another, or use READ COMMITTED.",
          0};
}

SqlError too_many_cursors(std::size_t limit) {
  return {std::string(sqlstate::program_limit_exceeded), "pgconsent: too many open cursors",
          "A session may hold " + std::to_string(limit) + " of them.", "CLOSE those that are not needed.", 0};
}

SqlError explains_prepared(std::string_view name) {
  return {std::string(sqlstate::insufficient_privilege),
          "pgconsent: prepared statement `" + std::string(name) + "` can't be explained",
          "Its plan would show keys of pseudonyms, or whether values exist.", "EXPLAIN the query itself.", 0};
}

SqlError runs_utility(std::string_view name) {
  return {std::string(sqlstate::feature_not_supported),
          "pgconsent: `" + std::string(name) + "` can't be run by SQL's EXECUTE or FETCH",
          "It is no query or modification, but a command.", "Run the command itself.", 0};
}

SqlError prepared_for_other_rules(std::string_view name) {
  return {std::string(sqlstate::insufficient_privilege),
          "pgconsent: prepared statement `" + std::string(name) +
              "` was made under another purpose or other rules",
          "It could not be prepared again.", "DEALLOCATE it and PREPARE it again.", 0};
}

SqlError audit_not_writable() {
  return {std::string(sqlstate::io_error), "pgconsent: the audit log can't be written",
          "Statements that touch protected data are refused until it can.", "", 0};
}

SqlError dialect_not_supported(bool strings) {
  return {std::string(sqlstate::insufficient_privilege),
          strings ? "pgconsent: statements can't be analysed while standard_conforming_strings is off"
                  : "pgconsent: statements can't be analysed under this client_encoding",
          "The server would read quotes and backslashes in the text differently.",
          strings ? "SET standard_conforming_strings = on" : "RESET client_encoding", 0};
}

SqlError names_in_another_encoding() {
  return {
      std::string(sqlstate::insufficient_privilege),
      "pgconsent: names with other characters than ASCII need client_encoding UTF8",
      "Names and definitions are compared in UTF-8, and the server would read this text in another encoding.",
      "SET client_encoding = 'UTF8'", 0};
}

SqlError catalog_unknown() {
  return {std::string(sqlstate::insufficient_privilege),
          "pgconsent: the catalog does not hold what the statement names",
          "It was read again, and the statement still can't be analysed.", "", 0};
}

SqlError refused_value(std::string_view rule) {
  return {
      std::string(sqlstate::insufficient_privilege),
      "pgconsent: a value was refused that has no lawful basis",
      rule.empty() ? std::string("A rule with without_basis: refuse decided.") : "Rule: " + std::string(rule),
      "Leave out the column, or the rows of subjects without consent.", 0};
}

// Of a statement that the proxy no longer knows (EXECUTE).
SqlError refused_write() {
  return {std::string(sqlstate::insufficient_privilege),
          "pgconsent: a row may not be changed without a lawful basis", "",
          "Leave its protected columns and its subject as they are.", 0};
}

SqlError no_rights_behind_view(const std::string& view, const std::string& relation) {
  return {std::string(sqlstate::insufficient_privilege),
          "pgconsent: view \"" + view + "\" can't be read without rights on \"" + relation + "\"",
          "It uses protected columns for more than showing them beside their subject's key: masks lie inside "
          "it, so that it is read through its definition, with the session's own rights.",
          "GRANT SELECT ON " + relation +
              " to the role (a security_invoker view takes that too), or give the view rules of its own.",
          0};
}

}  // namespace pgconsent::session
