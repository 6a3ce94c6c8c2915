// One connection to the audit database as one auditor, over libpq. Every statement reads only, twice over:
// the transaction is read-only, and the role in force is pgconsent_auditor, which may select from views.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgconsent::pages {

struct Target {
  std::string host;  // a name, an address or the directory of a Unix socket
  std::uint16_t port = 5432;
  std::string dbname;
  std::string sslmode = "prefer", sslrootcert;
};

class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result, PQclear) {}
  bool is_good() const { return PQresultStatus(result_.get()) == PGRES_TUPLES_OK; }
  std::string_view sqlstate() const;
  int size() const { return PQntuples(result_.get()); }
  bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  std::string_view text(int row, int column) const;  // empty for NULL; as long-lived as this
  std::int64_t number(int row, int column) const;    // 0 where it is none

 private:
  std::shared_ptr<PGresult> result_;
};

struct Problem {
  enum class Kind { none, lost, timeout, not_set_up, failed } kind = Kind::none;
  std::string text;  // the server's, for the log: may quote what was asked
  explicit operator bool() const { return kind != Kind::none; }
};

using Values = std::vector<std::optional<std::string>>;

class Connection {
 public:
  enum class Refusal { none, wrong, not_an_auditor, no_password_asked, superuser, not_set_up, unreachable };
  struct OpenResult {
    std::unique_ptr<Connection> connection;  // null: refused
    Refusal refusal = Refusal::none;
    std::string why;  // for the log; holds no password
  };
  // Blocks, for a few seconds at most.
  static OpenResult open(const Target& target, const std::string& user, const std::string& password);
  ~Connection();
  Connection(const Connection&) = delete;

  // One statement with parameters, all of them text. REQUIRES: one thread at a time.
  std::optional<Rows> query(const std::string& sql, const Values& values, Problem& problem);
  // Ends what is running, if anything. From any thread.
  void cancel();

 private:
  explicit Connection(PGconn* connection)
      : connection_(connection), cancel_(PQgetCancel(connection), PQfreeCancel) {}

  PGconn* connection_;
  const std::unique_ptr<PGcancel, decltype(&PQfreeCancel)>
      cancel_;  // made once: asking for it later would race
  std::mutex cancelling_;
};

}  // namespace pgconsent::pages
