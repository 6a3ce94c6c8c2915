#include "proxy/admin/pages/database.h"

#include <array>
#include <charconv>

namespace pgconsent::pages {

std::string_view Rows::text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::string_view Rows::sqlstate() const {
  const char* code = PQresultErrorField(result_.get(), PG_DIAG_SQLSTATE);
  return code == nullptr ? std::string_view{} : code;
}

std::int64_t Rows::number(int row, int column) const {
  const std::string_view digits = text(row, column);
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

namespace {

constexpr const char* session_settings =
    "-c default_transaction_read_only=on -c statement_timeout=20s -c lock_timeout=2s "
    "-c idle_in_transaction_session_timeout=60s -c search_path=pg_catalog -c TimeZone=UTC -c DateStyle=ISO "
    "-c IntervalStyle=postgres -c standard_conforming_strings=on -c jit=off";

PGconn* connect(const Target& target, const std::string& user, const std::string& password) {
  const std::string port = std::to_string(target.port);
  // Nothing may come from the environment of the proxy: no password, no options of somebody else.
  const std::array<const char*, 15> names{"host",
                                          "port",
                                          "dbname",
                                          "user",
                                          "password",
                                          "passfile",
                                          "options",
                                          "connect_timeout",
                                          "sslmode",
                                          "sslrootcert",
                                          "client_encoding",
                                          "application_name",
                                          "gssencmode",
                                          "tcp_user_timeout",
                                          nullptr};
  const std::array<const char*, 15> values{target.host.c_str(),
                                           port.c_str(),
                                           target.dbname.c_str(),
                                           user.c_str(),
                                           password.c_str(),
                                           "/dev/null",
                                           session_settings,
                                           "5",
                                           target.sslmode.c_str(),
                                           target.sslrootcert.c_str(),
                                           "UTF8",
                                           "pgconsent pages",
                                           "disable",
                                           "30000",
                                           nullptr};
  return PQconnectdbParams(names.data(), values.data(), 0);
}

struct Checked {
  Connection::Refusal refusal = Connection::Refusal::none;
  std::string why;
};

// Who is it, and may they?
Checked check(PGconn* connection) {
  using Refusal = Connection::Refusal;
  const char* sql =
      "SELECT r.rolsuper, a.oid IS NOT NULL AND pg_has_role(session_user, a.oid, 'MEMBER') "
      "FROM pg_roles r LEFT JOIN pg_roles a ON a.rolname = 'pgconsent_auditor' WHERE r.rolname = "
      "session_user";
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection, sql), PQclear);
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK || PQntuples(result.get()) != 1)
    return {Refusal::unreachable, PQerrorMessage(connection)};
  if (*PQgetvalue(result.get(), 0, 0) == 't') return {Refusal::superuser, "is a superuser"};
  if (*PQgetvalue(result.get(), 0, 1) != 't')
    return {Refusal::not_an_auditor, "is not a member of pgconsent_auditor"};
  const std::unique_ptr<PGresult, decltype(&PQclear)> role(PQexec(connection, "SET ROLE pgconsent_auditor"),
                                                           PQclear);
  if (PQresultStatus(role.get()) != PGRES_COMMAND_OK)
    return {Refusal::not_an_auditor, PQerrorMessage(connection)};
  return {};
}

// Of an attempt that came to nothing: was the server there, and said no?
Checked failure(PGconn* connection) {
  using Refusal = Connection::Refusal;
  const std::string why = PQerrorMessage(connection);
  // libpq keeps no SQLSTATE of a failed attempt. What does not reach the server is told before it asks
  // anything.
  const bool asked = PQconnectionNeedsPassword(connection) != 0 || PQconnectionUsedPassword(connection) != 0;
  return {asked ? Refusal::wrong : Refusal::unreachable, why};
}

}  // namespace

Connection::OpenResult Connection::open(const Target& target, const std::string& user,
                                        const std::string& password) {
  OpenResult out;
  std::unique_ptr<Connection> opened(new Connection(connect(target, user, password)));
  PGconn* connection = opened->connection_;
  Checked checked;
  if (PQstatus(connection) != CONNECTION_OK) {
    checked = failure(connection);
  } else if (PQconnectionUsedPassword(connection) == 0) {
    // pg_hba.conf trusts this host: the password proves nothing.
    checked = {Refusal::no_password_asked, "the audit database did not ask for a password"};
  } else {
    checked = check(connection);
  }
  out.refusal = checked.refusal;
  out.why = std::move(checked.why);
  while (out.why.ends_with('\n')) out.why.pop_back();
  if (out.refusal == Refusal::none) out.connection = std::move(opened);
  return out;
}

Connection::~Connection() {
  PQfinish(connection_);
}

std::optional<Rows> Connection::query(const std::string& sql, const Values& values, Problem& problem) {
  std::vector<const char*> texts;
  texts.reserve(values.size());
  for (const auto& value : values) texts.push_back(value ? value->c_str() : nullptr);
  Rows rows(PQexecParams(connection_, sql.c_str(), static_cast<int>(texts.size()), nullptr, texts.data(),
                         nullptr, nullptr, 0));
  if (rows.is_good()) return rows;
  const std::string_view code = rows.sqlstate();
  problem.text = PQerrorMessage(connection_);
  while (problem.text.ends_with('\n')) problem.text.pop_back();
  if (PQstatus(connection_) != CONNECTION_OK || code.starts_with("57P")) {
    problem.kind = Problem::Kind::lost;
  } else if (code == "57014" || code == "55P03") {
    problem.kind = Problem::Kind::timeout;
  } else if (code == "42P01" || code == "3F000" || code == "42501" || code == "42703" || code == "42883") {
    problem.kind = Problem::Kind::not_set_up;
  } else {
    problem.kind = Problem::Kind::failed;
  }
  return std::nullopt;
}

void Connection::cancel() {
  std::lock_guard lock(cancelling_);
  char ignored[256];
  if (cancel_) PQcancel(cancel_.get(), ignored, sizeof ignored);
}

}  // namespace pgconsent::pages
