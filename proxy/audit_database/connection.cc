#include "proxy/audit_database/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <cerrno>
#include <chrono>

namespace pgconsent::audit_database {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds connect_limit{10};
constexpr int stop_interval_ms = 200;

// libpq says several lines, of which the first tells what is wrong.
std::string first_line(std::string_view text) {
  for (std::string_view prefix : {"ERROR:  ", "FATAL:  "}) {
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  }
  return std::string(text.substr(0, text.find('\n')));
}

struct Parameters {
  explicit Parameters(const Values& values) {
    for (const auto& value : values) pointers.push_back(value ? value->c_str() : nullptr);
  }
  int count() const { return static_cast<int>(pointers.size()); }
  std::vector<const char*> pointers;
};

std::optional<std::string_view> field(const pg_result* result, int row, int column) {
  if (PQgetisnull(result, row, column) != 0) return std::nullopt;
  return std::string_view(PQgetvalue(result, row, column),
                          static_cast<std::size_t>(PQgetlength(result, row, column)));
}

}  // namespace

void Connection::Finish::operator()(pg_conn* connection) const {
  PQfinish(connection);
}
void Connection::Clear::operator()(pg_result* result) const {
  PQclear(result);
}

std::unique_ptr<Connection> Connection::open(const std::string& conninfo, Error& error,
                                             const std::atomic<bool>* stop) {
  auto result = std::make_unique<Connection>();
  result->stop_ = stop;
  if (result->connect(conninfo) &&
      result->execute("SET search_path = ''; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; "
                      "SET bytea_output = 'hex'; SET standard_conforming_strings = on; SET jit = off"))
    return result;
  error = result->error_;
  return nullptr;
}

bool Connection::connect(const std::string& conninfo) {
  connection_.reset(PQconnectStart(conninfo.c_str()));
  if (!connection_ || PQstatus(connection_.get()) == CONNECTION_BAD) return lost("");
  // PQconnectPoll does not keep `connect_timeout`: it is kept here, for each address there is.
  const auto deadline = Clock::now() + connect_limit;
  for (PostgresPollingStatusType state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;) {
    if (state == PGRES_POLLING_FAILED) return lost("");
    if (Clock::now() > deadline) return lost("no answer within the time limit");
    pollfd socket{PQsocket(connection_.get()),
                  static_cast<short>(state == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    const int ready = ::poll(&socket, 1, stop_interval_ms);
    if (stop_ != nullptr && *stop_) return lost("stopped");
    if (ready > 0) state = PQconnectPoll(connection_.get());
  }
  PQsetnonblocking(connection_.get(), 1);
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
  return true;
}

// False: stopped, or the connection is lost.
bool Connection::wait(bool readable, bool writable) {
  for (;;) {
    pollfd socket{PQsocket(connection_.get()),
                  static_cast<short>((readable ? POLLIN : 0) | (writable ? POLLOUT : 0)), 0};
    const int ready = ::poll(&socket, 1, stop_interval_ms);
    if (stop_ != nullptr && *stop_) return lost("stopped");
    if (ready < 0 && errno != EINTR) return lost("");
    if (ready <= 0) continue;
    if ((socket.revents & ~POLLOUT) != 0 && PQconsumeInput(connection_.get()) == 0) return lost("");
    return true;
  }
}

bool Connection::flush() {
  for (;;) {
    const int state = PQflush(connection_.get());
    if (state == 0) return true;
    if (state < 0) return lost("");
    // What the server says meanwhile has to be read, or both would wait.
    if (!wait(true, true)) return false;
  }
}

// Null at the end of a command's results, and when the connection is lost (`error_.lost`).
Connection::Result Connection::next() {
  while (PQisBusy(connection_.get()) != 0) {
    if (!wait(true, false)) return nullptr;
  }
  return Result(PQgetResult(connection_.get()));
}

bool Connection::lost(std::string message) {
  error_ = {message.empty() ? first_line(PQerrorMessage(connection_.get())) : std::move(message), "", true};
  if (error_.message.empty()) error_.message = "the connection was lost";
  return false;
}

bool Connection::fail(const Result& result) {
  if (!result || PQstatus(connection_.get()) != CONNECTION_OK) return error_.lost ? false : lost("");
  const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  const char* text = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
  error_ = {first_line(text != nullptr ? text : PQresultErrorMessage(result.get())),
            state != nullptr ? state : "", false};
  while (next()) {
  }
  return false;
}

bool Connection::check(const Result& result) {
  switch (PQresultStatus(result.get())) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_SINGLE_TUPLE:
    case PGRES_EMPTY_QUERY:
      return true;
    default:
      return false;
  }
}

bool Connection::execute(const std::string& sql) {
  if (error_.lost) return false;
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) return lost("");
  if (!flush()) return false;
  while (Result result = next()) {
    if (!check(result)) return fail(result);
  }
  return !error_.lost;
}

bool Connection::send(const std::string& sql, const Values& parameters) {
  if (error_.lost) return false;
  const Parameters given(parameters);
  if (PQsendQueryParams(connection_.get(), sql.c_str(), given.count(), nullptr, given.pointers.data(),
                        nullptr, nullptr, 0) == 0)
    return lost("");
  return true;
}

bool Connection::query(const std::string& sql, const Values& parameters, Rows& rows) {
  rows.clear();
  return stream(sql, parameters, [&](const Row& row) {
    rows.emplace_back(row.begin(), row.end());
    return true;
  });
}

void Connection::stop_running() {
  if (PGcancel* cancel = PQgetCancel(connection_.get()); cancel != nullptr) {
    char ignored[256];
    PQcancel(cancel, ignored, sizeof ignored);
    PQfreeCancel(cancel);
  }
  while (next()) {
  }
}

bool Connection::stream(const std::string& sql, const Values& parameters,
                        const std::function<bool(const Row&)>& row) {
  if (!send(sql, parameters)) return false;
  PQsetSingleRowMode(connection_.get());
  if (!flush()) return false;
  Row fields;
  while (Result result = next()) {
    if (!check(result)) return fail(result);
    const int columns = PQnfields(result.get());
    for (int i = 0; i < PQntuples(result.get()); ++i) {
      fields.clear();
      for (int k = 0; k < columns; ++k) fields.push_back(field(result.get(), i, k));
      if (row(fields)) continue;
      result.reset();
      stop_running();
      return true;
    }
  }
  return !error_.lost;
}

bool Connection::copy(const std::string& sql, std::string_view lines) {
  if (error_.lost) return false;
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) return lost("");
  if (!flush()) return false;
  Result begun = next();
  if (PQresultStatus(begun.get()) != PGRES_COPY_IN) return fail(begun);
  constexpr std::size_t piece = std::size_t{256} << 10;
  while (!lines.empty()) {
    const std::string_view part = lines.substr(0, piece);
    const int taken = PQputCopyData(connection_.get(), part.data(), static_cast<int>(part.size()));
    if (taken < 0) return lost("");
    if (taken > 0) lines.remove_prefix(part.size());
    if (!flush()) return false;
  }
  while (PQputCopyEnd(connection_.get(), nullptr) == 0) {
    if (!flush()) return false;
  }
  if (!flush()) return false;
  Result done = next();
  if (!check(done)) return fail(done);
  while (next()) {
  }
  return !error_.lost;
}

void append_copy_text(std::string& out, std::string_view text) {
  for (char c : text) {
    switch (c) {
      case '\\':
        out.append("\\\\");
        break;
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      default:
        out.push_back(c);
    }
  }
}

std::string array_literal(const std::vector<std::string>& list) {
  std::string out = "{";
  for (const std::string& text : list) {
    out.append(out.size() > 1 ? ",\"" : "\"");
    for (char c : text) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    out.push_back('"');
  }
  return out + "}";
}

std::vector<std::string> parse_array(std::string_view literal) {
  std::vector<std::string> list;
  for (std::size_t i = 1; i + 1 < literal.size(); ++i) {
    std::string& element = list.emplace_back();
    const bool quoted = literal[i] == '"';
    if (quoted) ++i;
    for (; i + 1 < literal.size(); ++i) {
      if (quoted ? literal[i] == '"' : literal[i] == ',') break;
      if (quoted && literal[i] == '\\') ++i;
      element.push_back(literal[i]);
    }
    if (quoted) ++i;  // onto the comma or the closing brace
  }
  return list;
}

}  // namespace pgconsent::audit_database
