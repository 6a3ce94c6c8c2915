#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "proxy/config/admin.h"
#include "proxy/config/config.h"
#include "proxy/config/section.h"
#include "proxy/config/servers.h"

namespace pgconsent::config {

namespace {

// "host", "host:port", "[::1]:port", "::1" or "/directory"; the port stays when there is none.
bool parse_endpoint(std::string_view text, Endpoint& out) {
  std::string_view port;
  if (text.starts_with('[')) {
    std::size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    out.host = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    if (!text.empty() && !text.starts_with(':')) return false;
    if (!text.empty()) port = text.substr(1);
    if (!text.empty() && port.empty()) return false;
  } else if (!text.starts_with('/') && std::count(text.begin(), text.end(), ':') == 1) {
    out.host = text.substr(0, text.find(':'));
    port = text.substr(text.find(':') + 1);
    if (port.empty()) return false;
  } else {
    out.host = text;
  }
  if (out.host.empty()) return false;
  if (port.empty()) return true;
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  return error == std::errc{} && end == port.data() + port.size() && out.port != 0;
}

void read_port(const Section& section, std::uint16_t& out) {
  std::int64_t port = out;
  section.number("port", 1, 65535, port);
  out = static_cast<std::uint16_t>(port);
}

void read_listen(const Section& top, Config& config) {
  if (!top.has("listen")) return;
  Section listen = top.section("listen", {"address", "port", "tls"});
  listen.text("address", config.listen.host);
  read_port(listen, config.listen.port);
  if (!listen.has("tls")) return;
  Section tls = listen.section("tls", {"mode", "certificate", "key", "client_ca"});
  std::size_t mode = 0;
  tls.require("mode", "use `allow` or `require`");
  tls.choice("mode", {"allow", "require"}, mode);
  config.listen_tls.mode = mode == 0 ? ListenTls::Mode::allow : ListenTls::Mode::require;
  tls.require("certificate", "give a PEM file with the certificate and its chain");
  tls.require("key", "give a PEM file with the certificate's private key");
  tls.path("certificate", config.listen_tls.certificate, true);
  tls.path("key", config.listen_tls.key, true);
  tls.path("client_ca", config.listen_tls.client_ca, true);
  if (!config.listen_tls.client_ca.empty() && config.listen_tls.mode == ListenTls::Mode::allow) {
    top.report().warning(tls.place("client_ca"),
                         "a client without TLS needs no certificate, since `listen.tls.mode` is `allow`",
                         "use `mode: require`");
  }
}

void read_server(const Section& top, Config& config) {
  if (!top.require("server", "add server: {host: …, port: 5432}")) return;
  Section server = top.section("server", {"host", "hosts", "port", "tls"});
  std::uint16_t port = 5432;
  read_port(server, port);
  std::vector<rules::Text> hosts;
  if (server.has("host") == server.has("hosts")) {
    server.report().error(server.place("hosts"), "`server` needs either `host` or `hosts`",
                          "use `hosts: [a, \"b:5433\"]` for several");
  } else if (server.has("host")) {
    rules::Text host{"", server.place("host")};
    server.text("host", host.text);
    if (!host.text.empty()) hosts.push_back(std::move(host));
  } else {
    server.texts("hosts", hosts);
  }
  for (const rules::Text& host : hosts) {
    Endpoint endpoint{"", port};
    if (host.text.find(',') != std::string::npos || !parse_endpoint(host.text, endpoint)) {
      server.report().error(
          host.at, rules::in_backticks(host.text) + " is not a host",
          "use a name, an address, `host:port`, `[::1]:port` or a directory with a Unix socket");
      continue;
    }
    config.servers.push_back(std::move(endpoint));
  }
  read_server_tls(server, config.server_tls);
}

void read_control(const Section& top, Config& config) {
  if (!top.require("control", "add control: {dbname: …, user: …}")) return;
  Section control = top.section("control", {"dbname", "user", "password_file"});
  control.require("dbname", "name the database whose catalog is read first");
  control.require("user", "name the role that pgconsent itself connects as");
  control.text("dbname", config.control.dbname);
  control.text("user", config.control.user);
  control.path("password_file", config.control.password_file, true);
}

void read_databases(const Section& top, Config& config) {
  std::vector<rules::Text> patterns;
  top.texts("databases", patterns);
  for (rules::Text& pattern : patterns) config.databases.push_back(std::move(pattern.text));
  if (config.databases.empty() && !config.control.dbname.empty()) config.databases = {config.control.dbname};
  std::size_t pass = 0;
  top.choice("other_databases", {"refuse", "pass"}, pass);
  config.pass_other_databases = pass == 1;
}

void read_limits(const Section& top, Config& config) {
  if (!top.has("limits")) return;
  Section limits = top.section(
      "limits", {"connections", "pending_connections", "authentication_timeout", "connect_timeout",
                 "drain_timeout", "max_snapshot_age", "statement_bytes", "plan_cache_bytes"});
  Limits& out = config.limits;
  std::int64_t connections = out.connections, pending = out.pending_connections;
  limits.number("connections", 1, 1'000'000, connections);
  limits.number("pending_connections", 1, 1'000'000, pending);
  out.connections = static_cast<std::uint32_t>(connections);
  out.pending_connections = static_cast<std::uint32_t>(pending);
  limits.duration("authentication_timeout", out.authentication_timeout);
  limits.duration("connect_timeout", out.connect_timeout);
  limits.duration("drain_timeout", out.drain_timeout);
  limits.age_limit("max_snapshot_age", out.max_snapshot_age);
  limits.bytes("statement_bytes", 1024, std::size_t{1} << 30, out.statement_bytes);
  limits.bytes("plan_cache_bytes", 64 << 10, std::size_t{1} << 40, out.plan_cache_bytes);
}

void read_audit(const Section& top, Config& config) {
  if (!top.has("audit")) return;
  Section audit = top.section(
      "audit", {"directory", "sync", "segment_bytes", "segment_age", "retention", "compress", "signing_key",
                "checkpoint_directory", "checkpoint_interval", "ship", "subjects"});
  Audit& out = config.audit;
  audit.path("directory", config.audit_directory, false);
  std::size_t sync = 0, compress = 0, subjects = 0;
  audit.choice("sync", {"always", "off"}, sync);
  audit.choice("compress", {"true", "false"}, compress);
  out.sync = sync == 0;
  out.compress = compress == 0;
  audit.choice("subjects", {"true", "false"}, subjects);
  config.audit_subjects = subjects == 0;
  audit.bytes("segment_bytes", 4096, std::size_t{16} << 30, out.segment_bytes);
  audit.period("segment_age", out.segment_age);
  audit.period("retention", out.retention);
  audit.path("signing_key", out.signing_key, true);
  audit.path("checkpoint_directory", out.checkpoint_directory, false);
  audit.duration("checkpoint_interval", out.checkpoint_interval);
  read_audit_ship(audit, config);
  if (!out.checkpoint_directory.empty() && out.checkpoint_directory == config.audit_directory)
    audit.report().error(audit.place("checkpoint_directory"),
                         "`audit.checkpoint_directory` is the audit directory, where checkpoints are anyway",
                         "name a directory that is kept elsewhere, or remove it");
}

void read_log(const Section& top, Config& config) {
  if (!top.has("log")) return;
  Section log = top.section("log", {"level"});
  std::size_t level = 1;
  log.choice("level", {"debug", "info", "warning", "error"}, level);
  config.log_level = static_cast<LogLevel>(level);
}

void read_all(const Source& source, const rules::YamlNode& root, Config& config) {
  Section top(source, root, "",
              {"version", "listen", "server", "control", "rules", "databases", "other_databases", "audit",
               "admin", "workers", "limits", "log", "pseudonym_key_file"});
  std::int64_t version = 1;
  top.require("version", "add version: 1");
  top.number("version", 1, 1, version);
  read_listen(top, config);
  read_server(top, config);
  read_control(top, config);
  top.require("rules", "add rules: rules.yaml");
  top.path("rules", config.rules, true);
  top.path("pseudonym_key_file", config.pseudonym_key_file, true);
  read_databases(top, config);
  config.audit_directory = (source.directory / "audit").lexically_normal();
  read_audit(top, config);
  read_admin(top, config);
  std::int64_t workers = config.workers;
  top.number("workers", 1, 256, workers);
  config.workers = static_cast<unsigned>(workers);
  read_limits(top, config);
  read_log(top, config);
}

}  // namespace

ReadResult parse_config(std::string_view yaml, const std::filesystem::path& directory,
                        const std::string& name) {
  ReadResult result;
  rules::Reporter report(name, result.diagnostics);
  auto config = std::make_shared<Config>();
  if (auto root = rules::parse_yaml(yaml, report)) read_all({report, directory}, *root, *config);
  if (report.errors() == 0) result.config = std::move(config);
  rules::sort_by_place(result.diagnostics);
  return result;
}

ReadResult read_config(const std::filesystem::path& file) {
  std::error_code error;
  std::filesystem::path absolute = std::filesystem::absolute(file, error);
  std::ostringstream text;
  bool usable = !error && !std::filesystem::is_directory(file, error);  // reading one would throw
  std::ifstream in(file, std::ios::binary);
  if (usable && in.peek() != std::char_traits<char>::eof()) text << in.rdbuf();
  if (!usable || !in.is_open() || in.bad() || text.fail()) {
    rules::Diagnostic problem{
        rules::Diagnostic::Severity::error, {file.string(), 0, 0}, "can't read the file", ""};
    return {nullptr, {std::move(problem)}};
  }
  return parse_config(text.str(), absolute.parent_path(), file.string());
}

}  // namespace pgconsent::config
