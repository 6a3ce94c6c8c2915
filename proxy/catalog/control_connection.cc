#include "proxy/catalog/control_connection.h"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <mutex>
#include <pqxx/pqxx>
#include <utility>
#include <vector>

#include "proxy/catalog/loader.h"
#include "proxy/catalog/queries.h"

namespace pgconsent::catalog {

namespace {

// A conninfo value: in single quotes, with \ before ' and \.
std::string conninfo_value(std::string_view value) {
  std::string out = "'";
  for (char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string read_password(const ControlSettings& settings) {
  if (settings.password_file.empty()) return settings.password;
  std::ifstream file(settings.password_file);
  std::string line;
  if (!file || !std::getline(file, line)) {
    throw std::runtime_error(fmt::format("can't read the password file `{}`", settings.password_file));
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

// As start-up options they hold after any reconnect. Nothing may wait long for an application: a view's
// tables may be locked by a migration.
constexpr std::string_view session_settings =
    "-c search_path= -c DateStyle=ISO,MDY -c IntervalStyle=postgres -c extra_float_digits=3 "
    "-c standard_conforming_strings=on -c lock_timeout=1s -c statement_timeout=60s "
    "-c idle_in_transaction_session_timeout=60s";

// In a transaction libpqxx does not reconnect by itself: a broken connection is an error.
using ReadTransaction = pqxx::transaction<pqxx::repeatable_read, pqxx::read_only>;

std::string conninfo(const ControlSettings& settings) {
  std::string text;
  auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) text += fmt::format("{}={} ", key, conninfo_value(value));
  };
  add("host", settings.host);
  add("port", std::to_string(settings.port));
  add("dbname", settings.dbname);
  add("user", settings.user);
  add("password", read_password(settings));
  add("sslmode", settings.sslmode);
  add("sslrootcert", settings.sslrootcert);
  add("connect_timeout", std::to_string(settings.connect_timeout));
  add("application_name", "pgconsent catalog");
  add("client_encoding", "UTF8");
  add("options", session_settings);
  // A server that vanished is noticed within half a minute.
  add("keepalives_idle", "10");
  add("keepalives_interval", "5");
  add("keepalives_count", "3");
  add("tcp_user_timeout", "20000");
  return text;
}

constexpr std::string_view lock_not_available = "55P03";

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

// LISTEN; the server's NOTIFY is read between transactions.
class Announcements final : public pqxx::notification_receiver {
 public:
  explicit Announcements(pqxx::connection_base& connection)
      : notification_receiver(connection, "pgconsent_catalog_changed") {}
  void operator()(const std::string&, int) override { heard_ = true; }
  bool heard() { return std::exchange(heard_, false); }

 private:
  bool heard_ = false;
};

constexpr const char* announcing_query =
    "SELECT FROM pg_catalog.pg_event_trigger e WHERE e.evtname OPERATOR(pg_catalog.=) "
    "'pgconsent_catalog_changed' "
    "AND e.evtenabled OPERATOR(pg_catalog.<>) 'D'";

class PqxxConnection final : public ControlConnection {
 public:
  explicit PqxxConnection(ControlSettings settings) : settings_(std::move(settings)) {}

  Result load_if_changed(const Fingerprint& known, std::uint64_t version) override {
    Result result;
    try {
      connect();
      ReadTransaction session(*connection_);
      result.fingerprint = fingerprint(session);
      if (result.fingerprint != known) load(session, version, result);
      is_told_ = !session.exec(announcing_query).empty();
      session.commit();
    } catch (const std::exception& error) {
      result = {};
      result.error = one_line(error.what());
      if (result.error.empty()) result.error = "unknown error";
      disconnect();
    }
    return result;
  }

  bool may_have_changed() override {
    try {
      if (!connection_ || !connection_->is_open()) return true;
      pqxx::nontransaction session(*connection_);
      pqxx::result rows = session.exec(std::string(activity_query()));
      std::string now = rows.at(0).at(0).c_str();
      return std::exchange(activity_, now) != now;
    } catch (const std::exception&) {
      disconnect();
      return true;
    }
  }

  bool is_told() const override { return is_told_; }

  bool was_told() override {
    try {
      if (!connection_ || !connection_->is_open()) return true;
      connection_->get_notifs();
      return announcements_->heard();
    } catch (const std::exception&) {
      disconnect();
      return true;
    }
  }

  void cancel() override {
    std::lock_guard lock(mutex_);
    try {
      if (connection_ && connection_->is_open()) connection_->cancel_query();
    } catch (const std::exception&) {
      // the statement's own timeout is left
    }
  }

 private:
  void connect() {
    if (connection_ && connection_->is_open()) return;
    disconnect();
    auto fresh = std::make_unique<pqxx::connection>(conninfo(settings_));
    announcements_ = std::make_unique<Announcements>(*fresh);
    std::lock_guard lock(mutex_);
    connection_ = std::move(fresh);
  }

  void disconnect() {
    announcements_.reset();
    is_told_ = false;
    activity_.clear();
    std::lock_guard lock(mutex_);
    connection_.reset();
  }

  static Fingerprint fingerprint(ReadTransaction& session) {
    pqxx::result rows = session.exec(std::string(fingerprint_query()));
    Fingerprint text;
    for (const auto& field : rows.at(0)) text.append(field.c_str()).push_back('|');
    return text;
  }

  static void load_rows(pqxx::transaction_base& session, Query query, const std::string& text,
                        SnapshotBuilder& builder) {
    pqxx::result rows = session.exec(text);
    std::vector<std::optional<std::string_view>> fields;
    for (const auto& row : rows) {
      fields.clear();
      for (const auto& field : row) {
        fields.emplace_back();
        if (!field.is_null()) fields.back() = std::string_view(field.c_str(), field.size());
      }
      if (builder.row(static_cast<std::size_t>(query), fields)) continue;
      auto number = static_cast<std::size_t>(query);
      throw std::runtime_error(fmt::format("catalog query {} brought a row of another shape", number));
    }
  }

  // In a subtransaction: what it has locked is released at its end.
  static bool load_texts(ReadTransaction& session, const std::string& text, SnapshotBuilder& builder) {
    try {
      pqxx::subtransaction attempt(session);
      load_rows(attempt, Query::texts, text, builder);
      return true;
    } catch (const pqxx::sql_error& error) {
      if (error.sqlstate() != lock_not_available) throw;
      return false;
    }
  }

  // A migration holds a table that views name: those views stay without definition, which refuses them. What
  // SQL-standard bodies refer to is known without their text.
  static void load_texts_one_by_one(ReadTransaction& session, SnapshotBuilder& builder) {
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    session.exec("SET LOCAL lock_timeout = '20ms'");
    pqxx::result views = session.exec("SELECT oid FROM pg_class WHERE relkind = 'v' AND oid >= 16384");
    for (const auto& view : views) {
      if (std::chrono::steady_clock::now() > end) return;
      load_texts(session, fmt::format("SELECT 'view', {0}, pg_get_viewdef({0})", view[0].c_str()), builder);
    }
  }

  static void load(ReadTransaction& session, std::uint64_t version, Result& result) {
    SnapshotBuilder builder;
    for (std::size_t i = 0; i < query_count; ++i) {
      auto query = static_cast<Query>(i);
      std::string text(query_text(query));
      if (query != Query::texts) {
        load_rows(session, query, text, builder);
      } else if (!load_texts(session, text, builder)) {
        load_texts_one_by_one(session, builder);
        result.incomplete = true;
      }
    }
    result.snapshot = builder.finish(version);
    if (!result.snapshot) throw std::runtime_error("the catalog does not name its database");
  }

  const ControlSettings settings_;
  std::mutex mutex_;  // guards the pointer against cancel()
  std::unique_ptr<pqxx::connection> connection_;
  std::unique_ptr<Announcements> announcements_;  // ends before the connection
  bool is_told_ = false;
  std::string activity_;
};

}  // namespace

std::unique_ptr<ControlConnection> make_control_connection(ControlSettings settings) {
  return std::make_unique<PqxxConnection>(std::move(settings));
}

}  // namespace pgconsent::catalog
