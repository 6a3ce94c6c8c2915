// A libpq connection to the audit database: statements, streams of rows in and out. Used by one thread;
// another may end its waiting.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct pg_conn;
struct pg_result;

namespace pgconsent::audit_database {

struct Error {
  std::string message;  // one line
  std::string sqlstate;
  bool lost = false;  // the connection can't be used any more
};

using Values = std::vector<std::optional<std::string>>;  // empty: NULL
using Row = std::vector<std::optional<std::string_view>>;
using Rows = std::vector<Values>;

class Connection {
 public:
  // `conninfo` may hold a password: it is in no error. Null on failure. Once `stop` is true, whatever waits
  // fails within a moment, and the connection is of no more use.
  static std::unique_ptr<Connection> open(const std::string& conninfo, Error& error,
                                          const std::atomic<bool>* stop = nullptr);

  // False: failed, `error()` says how.
  bool execute(const std::string& sql);  // may be several statements
  bool query(const std::string& sql, const Values& parameters, Rows& rows);
  // Row by row, without keeping them. `row` says false to stop, which is no error; it may not use the
  // connection.
  bool stream(const std::string& sql, const Values& parameters, const std::function<bool(const Row&)>& row);
  // COPY … FROM STDIN with lines in the text format.
  bool copy(const std::string& sql, std::string_view lines);

  const Error& error() const { return error_; }

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  struct Clear {
    void operator()(pg_result* result) const;
  };
  using Result = std::unique_ptr<pg_result, Clear>;

  bool connect(const std::string& conninfo);
  bool wait(bool readable, bool writable);
  bool flush();
  Result next();
  bool send(const std::string& sql, const Values& parameters);
  bool check(const Result& result);
  bool fail(const Result& result);
  bool lost(std::string message);
  void stop_running();

  std::unique_ptr<pg_conn, Finish> connection_;
  const std::atomic<bool>* stop_ = nullptr;
  Error error_;
};

// A text as a field of COPY's text format is appended, without the tab.
void append_copy_text(std::string& out, std::string_view text);
// {"a","b"}: an array literal, not escaped for COPY.
std::string array_literal(const std::vector<std::string>& list);
// The elements of an array literal of one dimension.
std::vector<std::string> parse_array(std::string_view literal);

}  // namespace pgconsent::audit_database
