#include "proxy/audit_database/connection.h"

#include <libpq-fe.h>

#include <algorithm>

namespace pgconsent::audit_database {

namespace {

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

std::unique_ptr<Connection> Connection::open(const std::string& conninfo, Error& error) {
  auto result = std::make_unique<Connection>();
  result->connection_.reset(PQconnectdb(conninfo.c_str()));
  if (PQstatus(result->connection_.get()) != CONNECTION_OK) {
    error = {first_line(PQerrorMessage(result->connection_.get())), "", true};
    return nullptr;
  }
  PQsetNoticeProcessor(
      result->connection_.get(), [](void*, const char*) {}, nullptr);
  if (result->execute("SET search_path = ''; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; "
                      "SET bytea_output = 'hex'; SET standard_conforming_strings = on; SET jit = off"))
    return result;
  error = result->error_;
  return nullptr;
}

bool Connection::fail(const Result* result) {
  const char* state = result != nullptr ? PQresultErrorField(result->get(), PG_DIAG_SQLSTATE) : nullptr;
  const char* text = result != nullptr ? PQresultErrorField(result->get(), PG_DIAG_MESSAGE_PRIMARY) : nullptr;
  error_ = {first_line(text != nullptr ? text : PQerrorMessage(connection_.get())),
            state != nullptr ? state : "", PQstatus(connection_.get()) != CONNECTION_OK};
  if (error_.message.empty()) error_.message = "the connection was lost";
  drain();
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

void Connection::drain() {
  while (Result rest{PQgetResult(connection_.get())}) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) break;
  }
}

bool Connection::execute(const std::string& sql) {
  Result result(PQexec(connection_.get(), sql.c_str()));
  return check(result) || fail(&result);
}

bool Connection::query(const std::string& sql, const Values& parameters, Rows& rows) {
  rows.clear();
  const Parameters given(parameters);
  Result result(PQexecParams(connection_.get(), sql.c_str(), given.count(), nullptr, given.pointers.data(),
                             nullptr, nullptr, 0));
  if (!check(result)) return fail(&result);
  const int columns = PQnfields(result.get());
  rows.resize(static_cast<std::size_t>(PQntuples(result.get())));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (int k = 0; k < columns; ++k) rows[i].emplace_back(field(result.get(), static_cast<int>(i), k));
  }
  return true;
}

void Connection::stop_running() {
  if (PGcancel* cancel = PQgetCancel(connection_.get()); cancel != nullptr) {
    char ignored[256];
    PQcancel(cancel, ignored, sizeof ignored);
    PQfreeCancel(cancel);
  }
  drain();
}

bool Connection::stream(const std::string& sql, const Values& parameters,
                        const std::function<bool(const Row&)>& row) {
  const Parameters given(parameters);
  if (PQsendQueryParams(connection_.get(), sql.c_str(), given.count(), nullptr, given.pointers.data(),
                        nullptr, nullptr, 0) == 0)
    return fail();
  PQsetSingleRowMode(connection_.get());
  Row fields;
  while (Result result{PQgetResult(connection_.get())}) {
    if (!check(result)) return fail(&result);
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
  return true;
}

bool Connection::copy(const std::string& sql, std::string_view lines) {
  Result begun(PQexec(connection_.get(), sql.c_str()));
  if (PQresultStatus(begun.get()) != PGRES_COPY_IN) return fail(&begun);
  constexpr std::size_t piece = std::size_t{1} << 20;
  bool sent = true;
  while (sent && !lines.empty()) {
    const std::string_view part = lines.substr(0, piece);
    sent = PQputCopyData(connection_.get(), part.data(), static_cast<int>(part.size())) == 1;
    lines.remove_prefix(part.size());
  }
  if (!sent || PQputCopyEnd(connection_.get(), nullptr) != 1) return fail();
  Result done(PQgetResult(connection_.get()));
  if (!check(done)) return fail(&done);
  drain();
  return true;
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
