#include "proxy/consent/pg_connection.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "proxy/consent/binary_values.h"

namespace pgconsent::consent {

using Clock = std::chrono::steady_clock;

namespace {

// Without any byte from the server for so long, it is gone.
constexpr std::chrono::seconds patience{30};

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace

std::unique_ptr<PgConnection> PgConnection::open(const std::string& conninfo, std::string& error) {
  const int wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  PGconn* raw = PQconnectdb(conninfo.c_str());
  std::unique_ptr<PgConnection> connection(new PgConnection(raw, wake));
  if (wake < 0) {
    error = "no eventfd";
    return nullptr;
  }
  if (PQstatus(raw) != CONNECTION_OK) {
    connection->fail(error);
    return nullptr;
  }
  return connection;
}

PgConnection::~PgConnection() {
  PQfinish(connection_);
  if (wake_ >= 0) close(wake_);
}

bool PgConnection::fail(std::string& error, std::string text) {
  error = text.empty() ? one_line(PQerrorMessage(connection_)) : std::move(text);
  if (error.empty()) error = "unknown error of the connection";
  return false;
}

void PgConnection::interrupt() {
  interrupted_ = true;
  const std::uint64_t one = 1;
  // It can only fail when the counter is full, and then it wakes anyway.
  [[maybe_unused]] auto written = write(wake_, &one, sizeof one);
}

bool PgConnection::wait_readable(Clock::time_point until, bool& readable, std::string& error) {
  readable = false;
  while (true) {
    if (interrupted_) return fail(error, "interrupted");
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(until - Clock::now()).count();
    if (left <= 0) return true;
    const timespec timeout{static_cast<time_t>(left / 1'000'000'000),
                           static_cast<long>(left % 1'000'000'000)};
    std::array<pollfd, 2> files{{{PQsocket(connection_), POLLIN, 0}, {wake_, POLLIN, 0}}};
    const int count = ppoll(files.data(), files.size(), &timeout, nullptr);
    if (count < 0 && errno != EINTR) return fail(error, std::strerror(errno));
    if (count <= 0 || files[0].revents == 0) continue;
    readable = true;
    return PQconsumeInput(connection_) == 1 || fail(error);
  }
}

bool PgConnection::wait_result(std::string& error) {
  while (PQisBusy(connection_) == 1) {
    bool readable = false;
    if (!wait_readable(Clock::now() + patience, readable, error)) return false;
    if (!readable) return fail(error, "the server does not answer");
  }
  return true;
}

PgConnection::Result PgConnection::next_result(std::string& error) {
  Result result(wait_result(error) ? PQgetResult(connection_) : nullptr, PQclear);
  if (!result) return result;
  const ExecStatusType status = PQresultStatus(result.get());
  if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE || status == PGRES_NONFATAL_ERROR) {
    fail(error, one_line(PQresultErrorMessage(result.get())));
    result.reset();
  }
  return result;
}

bool PgConnection::send(const std::string& sql, Format format, std::string& error) {
  const int sent = format == Format::text ? PQsendQuery(connection_, sql.c_str())
                                          : PQsendQueryParams(connection_, sql.c_str(), 0, nullptr, nullptr,
                                                              nullptr, nullptr, 1);
  return sent == 1 || fail(error);
}

bool PgConnection::query(const std::string& sql, Format format, const Row& row, std::string& error) {
  if (!send(sql, format, error)) return false;
  bool wanted = true;
  error.clear();
  Fields fields;
  while (Result result = next_result(error)) {
    fields.resize(PQnfields(result.get()));
    for (int r = 0; wanted && r < PQntuples(result.get()); ++r) {
      for (int c = 0; c < PQnfields(result.get()); ++c) {
        const auto length = static_cast<std::size_t>(PQgetlength(result.get(), r, c));
        fields[c].reset();
        if (PQgetisnull(result.get(), r, c) == 0) fields[c].emplace(PQgetvalue(result.get(), r, c), length);
      }
      wanted = row(fields);
    }
  }
  return error.empty();
}

bool PgConnection::execute(const std::string& sql, std::string& error) {
  return query(
      sql, Format::text, [](const Fields&) { return true; }, error);
}

bool PgConnection::copy_binary(const std::string& sql, const Row& row, std::string& error) {
  error.clear();
  if (!send(sql, Format::text, error)) return false;
  Result result = next_result(error);
  if (!result) return fail(error, error);
  if (PQresultStatus(result.get()) != PGRES_COPY_OUT) return fail(error, "the server does not copy");
  return copy_rows(row, error);
}

// The manual's page on COPY, "Binary Format": a header, tuples, and -1 in place of a tuple's field count.
bool PgConnection::copy_rows(const Row& row, std::string& error) {
  constexpr std::size_t header = 19;  // with no extension
  bool is_first = true, wanted = true;
  Fields fields;
  while (true) {
    char* data = nullptr;
    const int length = PQgetCopyData(connection_, &data, 1);
    if (length == 0) {
      bool readable = false;
      if (!wait_readable(Clock::now() + patience, readable, error)) return false;
      if (!readable) return fail(error, "the server does not answer");
      continue;
    }
    if (length == -2) return fail(error);
    if (length == -1) break;
    const std::unique_ptr<char, void (*)(void*)> owner(data, PQfreemem);
    BinaryCursor cursor(std::string_view(data, static_cast<std::size_t>(length)));
    if (std::exchange(is_first, false)) cursor.skip(header);
    if (cursor.is_at_end() || !wanted) continue;
    const std::int16_t count = cursor.int16();
    if (count < 0) continue;
    fields.resize(static_cast<std::size_t>(count));
    for (auto& field : fields) field = cursor.value();
    if (!cursor.is_good() || !cursor.is_at_end()) return fail(error, "a malformed row of COPY");
    wanted = row(fields);
    if (!wanted) return fail(error, "stopped");
  }
  while (Result result = next_result(error)) {
  }
  return error.empty();
}

bool PgConnection::wait(std::chrono::microseconds timeout, std::string& error) {
  const Clock::time_point until = Clock::now() + timeout;
  bool heard = false, readable = true;
  while (true) {
    while (PGnotify* notification = PQnotifies(connection_)) {
      PQfreemem(notification);
      heard = true;
    }
    if (heard || !readable) return true;
    if (!wait_readable(until, readable, error)) return false;
  }
}

}  // namespace pgconsent::consent
