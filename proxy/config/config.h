// pgconsent.yaml as a value (design section 8). Immutable once read, shared between threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/diagnostic.h"

namespace pgconsent::config {

struct Endpoint {
  std::string host;  // a name, an IP address, or the directory of a Unix socket (begins with '/')
  std::uint16_t port = 5432;
  bool is_unix() const { return host.starts_with('/'); }
  bool operator==(const Endpoint&) const = default;
};
// host:port, [::1]:port, /directory/.s.PGSQL.port
std::string to_string(const Endpoint& endpoint);

// TLS towards clients. `absent`: SSLRequest is answered N.
struct ListenTls {
  enum class Mode { absent, allow, require };
  Mode mode = Mode::absent;
  std::filesystem::path certificate, key;
  std::filesystem::path client_ca;  // not empty: a TLS client must show a certificate that it signed
  bool operator==(const ListenTls&) const = default;
};

// TLS towards the server, as libpq's sslmode.
struct ServerTls {
  enum class Mode { disable, prefer, require, verify_full };
  Mode mode = Mode::prefer;
  std::filesystem::path ca;  // empty: the system's own
  bool operator==(const ServerTls&) const = default;
};
std::string_view to_string(ServerTls::Mode mode);  // libpq's spelling

struct Control {
  std::string dbname, user;
  std::filesystem::path password_file;  // its first line is the password; empty: none
  bool operator==(const Control&) const = default;
};

// The database that the audit log is shipped to (proxy/audit_database).
struct AuditShip {
  Endpoint server{"127.0.0.1", 5432};
  ServerTls tls;
  std::string dbname, user;
  std::filesystem::path password_file;
  bool operator==(const AuditShip&) const = default;
};

// TLS of the admin listener; empty paths: plain HTTP.
struct AdminTls {
  std::filesystem::path certificate, key;
  bool operator==(const AdminTls&) const = default;
};
// The auditors' pages of the admin listener. They read the audit database as whoever signs in.
struct AdminPages {
  std::chrono::milliseconds idle_timeout{900'000};          // a session ends without a request for so long
  std::chrono::milliseconds session_timeout{8 * 3600'000};  // and after that in any case
  bool operator==(const AdminPages&) const = default;
};

// How the audit log is kept (proxy/audit/options.h).
struct Audit {
  bool sync = true;  // false: `off`
  std::size_t segment_bytes = std::size_t{64} << 20;
  std::chrono::milliseconds segment_age{24 * 3600'000};  // zero: unlimited
  std::chrono::milliseconds retention{0};                // zero: unlimited
  bool compress = true;
  std::filesystem::path signing_key;           // PEM; empty: checkpoints are not signed
  std::filesystem::path checkpoint_directory;  // a second copy of them; empty: none
  std::chrono::milliseconds checkpoint_interval{60'000};
  bool operator==(const Audit&) const = default;
};

struct Limits {
  std::uint32_t connections = 1000;
  std::uint32_t pending_connections = 200;  // clients that are not authenticated yet
  std::chrono::milliseconds authentication_timeout{60'000};
  std::chrono::milliseconds connect_timeout{10'000};  // for one server host
  std::chrono::milliseconds drain_timeout{30'000};
  std::chrono::milliseconds max_snapshot_age{60'000};  // for what depends on consent; zero: unlimited
  std::size_t statement_bytes = std::size_t{16} << 20;
  std::size_t plan_cache_bytes = std::size_t{64} << 20;  // per worker and database
  bool operator==(const Limits&) const = default;
};

enum class LogLevel { debug, info, warning, error };

struct Config {
  Endpoint listen{"127.0.0.1", 6432};
  ListenTls listen_tls;
  std::vector<Endpoint> servers;  // tried in order, never empty
  ServerTls server_tls;
  Control control;
  std::filesystem::path rules;
  std::vector<std::string> databases;  // glob patterns, never empty
  bool pass_other_databases = false;
  std::filesystem::path audit_directory;
  Audit audit;
  std::optional<AuditShip> audit_ship;
  bool audit_subjects = true;                // does the audit say whose data were shown?
  std::filesystem::path pseudonym_key_file;  // the secret of the mask `pseudonym`; empty: there is none
  std::optional<Endpoint> admin;
  AdminTls admin_tls;
  std::optional<AdminPages>
      admin_pages;  // REQUIRES: audit_ship, and TLS unless the address is a loopback one
  unsigned workers = 2;
  Limits limits;
  LogLevel log_level = LogLevel::info;

  // Do the rules apply to this database?
  bool is_enforced(std::string_view database) const;
};
using ConfigPtr = std::shared_ptr<const Config>;

struct ReadResult {
  ConfigPtr config;  // null when there are errors
  rules::Diagnostics diagnostics;
};
// Never throws on bad input.
ReadResult read_config(const std::filesystem::path& file);
// `directory` is what relative paths start from; `name` is what diagnostics say.
ReadResult parse_config(std::string_view yaml, const std::filesystem::path& directory,
                        const std::string& name);

// The libpq connection string of a control connection to `dbname`. False when the password file can't be
// read.
struct ControlString {
  std::string text;   // holds the password: never log it
  std::string error;  // not empty: failed
};
ControlString control_connection(const Config& config, std::string_view dbname);

// The same for the audit database. REQUIRES: config.audit_ship
ControlString audit_connection(const Config& config);

// Shell-style pattern: * any characters, ? one, everything else itself.
bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace pgconsent::config
