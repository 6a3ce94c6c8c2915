// A connection of libpq that never waits without a limit, and that another thread can interrupt. libpqxx 6
// has neither binary COPY nor a wait for notifications that can be ended. Used by one thread; interrupt() by
// any.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct pg_conn;
struct pg_result;

namespace pgconsent::consent {

// Fields of one row; empty optionals are NULL. Valid during the call that gets them.
using Fields = std::vector<std::optional<std::string_view>>;

class PgConnection {
 public:
  enum class Format : int { text = 0, binary = 1 };

  // All: `error` set and false (null) on failure; the connection is then of no use.
  static std::unique_ptr<PgConnection> open(const std::string& conninfo, std::string& error);
  ~PgConnection();
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  // Stops without an error when `row` says false.
  using Row = std::function<bool(const Fields& fields)>;
  bool query(const std::string& sql, Format format, const Row& row, std::string& error);
  bool execute(const std::string& sql, std::string& error);
  // COPY … TO STDOUT (FORMAT binary).
  bool copy_binary(const std::string& sql, const Row& row, std::string& error);

  // Until a notification, the timeout or interrupt().
  bool wait(std::chrono::microseconds timeout, std::string& error);
  void interrupt();

 private:
  using Result = std::unique_ptr<pg_result, void (*)(pg_result*)>;

  PgConnection(pg_conn* connection, int wake) : connection_(connection), wake_(wake) {}
  bool send(const std::string& sql, Format format, std::string& error);
  bool wait_readable(std::chrono::steady_clock::time_point until, bool& readable, std::string& error);
  bool wait_result(std::string& error);
  Result next_result(std::string& error);
  bool copy_rows(const Row& row, std::string& error);
  bool fail(std::string& error, std::string text = {});

  pg_conn* connection_;
  int wake_;  // an eventfd
  std::atomic<bool> interrupted_{false};
};

}  // namespace pgconsent::consent
