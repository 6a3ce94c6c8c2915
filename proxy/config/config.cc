#include "proxy/config/config.h"

#include <fstream>

namespace pgconsent::config {

std::string to_string(const Endpoint& endpoint) {
  std::string port = std::to_string(endpoint.port);
  if (endpoint.is_unix()) return endpoint.host + "/.s.PGSQL." + port;
  if (endpoint.host.find(':') != std::string::npos) return "[" + endpoint.host + "]:" + port;
  return endpoint.host + ":" + port;
}

std::string_view to_string(ServerTls::Mode mode) {
  switch (mode) {
    case ServerTls::Mode::disable:
      return "disable";
    case ServerTls::Mode::prefer:
      return "prefer";
    case ServerTls::Mode::require:
      return "require";
    case ServerTls::Mode::verify_full:
      return "verify-full";
  }
  return "verify-full";
}

// Greedy with one point to fall back to: linear in practice, quadratic at worst, no recursion.
bool glob_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool Config::is_enforced(std::string_view database) const {
  for (const std::string& pattern : databases) {
    if (glob_match(pattern, database)) return true;
  }
  return false;
}

namespace {

void append_option(std::string& out, std::string_view key, std::string_view value) {
  out.append(out.empty() ? "" : " ").append(key).append("='");
  for (char c : value) {
    if (c == '\'' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('\'');
}

// False: it can't be read.
bool append_password(ControlString& out, const std::filesystem::path& file) {
  if (file.empty()) return true;
  std::ifstream in(file);
  std::string password;
  if (!in || !std::getline(in, password)) {
    out.error = "can't read the password in " + file.string();
    return false;
  }
  if (!password.empty() && password.back() == '\r') password.pop_back();
  append_option(out.text, "password", password);
  return true;
}

void append_common(std::string& out, const Config& config, const ServerTls& tls) {
  append_option(out, "application_name", "pgconsent");
  append_option(out, "client_encoding", "UTF8");
  append_option(out, "connect_timeout",
                std::to_string(std::max<long>(2, config.limits.connect_timeout.count() / 1000)));
  append_option(out, "sslmode", to_string(tls.mode));
  if (!tls.ca.empty()) append_option(out, "sslrootcert", tls.ca.string());
}

}  // namespace

ControlString control_connection(const Config& config, std::string_view dbname) {
  ControlString result;
  std::string hosts, ports;
  for (const Endpoint& server : config.servers) {
    hosts.append(hosts.empty() ? "" : ",").append(server.host);
    ports.append(ports.empty() ? "" : ",").append(std::to_string(server.port));
  }
  append_option(result.text, "host", hosts);
  append_option(result.text, "port", ports);
  append_option(result.text, "dbname", dbname);
  append_option(result.text, "user", config.control.user);
  append_common(result.text, config, config.server_tls);
  append_password(result, config.control.password_file);
  return result;
}

ControlString audit_connection(const Config& config) {
  ControlString result;
  const AuditShip& ship = *config.audit_ship;
  append_option(result.text, "host", ship.server.host);
  append_option(result.text, "port", std::to_string(ship.server.port));
  append_option(result.text, "dbname", ship.dbname);
  append_option(result.text, "user", ship.user);
  append_common(result.text, config, ship.tls);
  // A peer that is gone is noticed, also in the middle of a COPY.
  append_option(result.text, "keepalives_idle", "30");
  append_option(result.text, "tcp_user_timeout", "60000");
  append_password(result, ship.password_file);
  return result;
}

}  // namespace pgconsent::config
