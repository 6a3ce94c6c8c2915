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
  append_option(result.text, "application_name", "pgconsent");
  append_option(result.text, "client_encoding", "UTF8");
  append_option(result.text, "connect_timeout",
                std::to_string(std::max<long>(2, config.limits.connect_timeout.count() / 1000)));
  append_option(result.text, "sslmode", to_string(config.server_tls.mode));
  if (!config.server_tls.ca.empty()) append_option(result.text, "sslrootcert", config.server_tls.ca.string());
  if (!config.control.password_file.empty()) {
    std::ifstream in(config.control.password_file);
    std::string password;
    if (!in || !std::getline(in, password)) {
      result.error = "can't read the password in " + config.control.password_file.string();
      return result;
    }
    if (!password.empty() && password.back() == '\r') password.pop_back();
    append_option(result.text, "password", password);
  }
  return result;
}

}  // namespace pgconsent::config
