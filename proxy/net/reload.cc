#include "proxy/net/reload.h"

#include <spdlog/spdlog.h>

#include <fstream>
#include <iterator>

#include "proxy/net/databases.h"
#include "rules/rule_set.h"

namespace pgconsent::net {

void log_diagnostics(const rules::Diagnostics& diagnostics) {
  for (const rules::Diagnostic& diagnostic : diagnostics) {
    bool error = diagnostic.severity == rules::Diagnostic::Severity::error;
    spdlog::log(error ? spdlog::level::err : spdlog::level::warn, "{}", rules::to_string(diagnostic));
  }
}

namespace {

constexpr std::size_t min_key_bytes = 16;
constexpr std::chrono::seconds catalog_patience{5};

// The secret that pseudonyms are made with.
std::string read_key(const std::filesystem::path& file, std::string& key) {
  std::ifstream in(file, std::ios::binary);
  key.assign(std::istreambuf_iterator<char>(in), {});
  while (key.ends_with('\n') || key.ends_with('\r')) key.pop_back();
  return key.size() < min_key_bytes ? "the key in " + file.string() + " has less than 16 bytes" : "";
}

}  // namespace

SettingsResult load_settings(const std::filesystem::path& config_file) {
  SettingsResult result;
  auto [config, diagnostics] = config::read_config(config_file);
  result.diagnostics = std::move(diagnostics);
  if (!config) return result;
  TlsContextResult listen = make_listen_context(config->listen_tls);
  TlsContextResult server = make_server_context(config->server_tls);
  TlsContextResult admin = make_admin_context(config->admin_tls);
  for (const TlsContextResult* each : {&listen, &server, &admin}) {
    if (result.error.empty()) result.error = each->error;
  }
  if (result.error.empty() && !config->pseudonym_key_file.empty()) {
    result.error = read_key(config->pseudonym_key_file, result.rules.pseudonym_key);
  }
  rules::ReadResult rules = rules::read_rules(config->rules);
  result.diagnostics.insert(result.diagnostics.end(), rules.diagnostics.begin(), rules.diagnostics.end());
  result.rules.rules = std::move(rules.rules);
  if (!result.error.empty() || !result.rules.rules) return result;
  result.settings =
      std::make_shared<Settings>(Settings{config, listen.context, server.context, admin.context});
  return result;
}

void log_problems(const SettingsResult& result) {
  log_diagnostics(result.diagnostics);
  if (!result.error.empty()) spdlog::error("{}", result.error);
}

namespace {

// What is kept as it was until a restart.
void warn_of_fixed_keys(const config::Config& old, const config::Config& now) {
  auto warn = [](bool changed, std::string_view key) {
    if (changed) spdlog::warn("a change of `{}` takes effect at the next start", key);
  };
  warn(old.listen != now.listen, "listen");
  warn(old.servers != now.servers || old.server_tls != now.server_tls, "server");
  warn(old.control != now.control, "control");
  warn(old.databases != now.databases, "databases");
  warn(old.pass_other_databases != now.pass_other_databases, "other_databases");
  warn(old.audit_directory != now.audit_directory || old.audit != now.audit ||
           old.audit_ship != now.audit_ship || old.audit_subjects != now.audit_subjects,
       "audit");
  warn(old.admin != now.admin || old.admin_pages != now.admin_pages ||
           old.admin_tls.certificate.empty() != now.admin_tls.certificate.empty(),
       "admin");
  warn(old.workers != now.workers, "workers");
  warn(old.log_level != now.log_level, "log");
}

}  // namespace

SettingsPtr reload_settings(const std::filesystem::path& config_file, const Settings& old,
                            Databases& databases) {
  SettingsResult loaded = load_settings(config_file);
  log_problems(loaded);
  rules::Diagnostics bound;
  if (loaded.settings) databases.read_catalogs(catalog_patience);  // `pgconsent init` may just have run
  if (loaded.settings) bound = databases.use_rules(loaded.rules);
  log_diagnostics(bound);
  if (!loaded.settings || rules::has_errors(bound)) {
    spdlog::error("reload failed: nothing has changed");
    return nullptr;
  }
  // Sessions and control connections must go on agreeing about the server: the old values of these keys stay.
  warn_of_fixed_keys(*old.config, *loaded.settings->config);
  auto config = std::make_shared<config::Config>(*old.config);
  config->limits = loaded.settings->config->limits;
  config->rules = loaded.settings->config->rules;
  config->listen_tls = loaded.settings->config->listen_tls;
  auto settings = std::make_shared<Settings>(*loaded.settings);
  const bool admin_tls_stays = (old.admin_tls != nullptr) == (settings->admin_tls != nullptr);
  if (!admin_tls_stays) settings->admin_tls = old.admin_tls;
  config->admin_tls = admin_tls_stays ? loaded.settings->config->admin_tls : old.config->admin_tls;
  settings->config = std::move(config);
  if (old.config->server_tls != loaded.settings->config->server_tls) settings->server_tls = old.server_tls;
  spdlog::info("reloaded {}", config_file.string());
  return settings;
}

}  // namespace pgconsent::net
