// Loading what SIGHUP reloads, all of it or nothing. Private to proxy/net.
#pragma once

#include <filesystem>

#include "proxy/net/database.h"
#include "proxy/net/shared.h"

namespace pgconsent::net {

struct SettingsResult {
  SettingsPtr settings;  // null on error
  RulesInForce rules;
  rules::Diagnostics diagnostics;
  std::string error;  // of other files; empty when the diagnostics say it all
};
// Configuration, TLS contexts, rules: what needs no server.
SettingsResult load_settings(const std::filesystem::path& config_file);

// Null, with the reasons in the log, when anything does not load: then nothing has changed.
SettingsPtr reload_settings(const std::filesystem::path& config_file, const Settings& old,
                            Databases& databases);

// Logs everything that is wrong.
void log_problems(const SettingsResult& result);
void log_diagnostics(const rules::Diagnostics& diagnostics);

}  // namespace pgconsent::net
