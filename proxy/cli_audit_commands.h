// What the commands of `pgconsent audit` share. Private to the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

namespace pgconsent::config {
struct Config;
}

namespace pgconsent {

void add_audit_database_commands(CLI::App& audit, std::function<int()>& run);  // init, ship

int audit_failure(int status, const std::string& message, const std::string& hint = {});

// The configuration and the connection to the audit database. Without `config` what is wrong was told.
struct AuditInput {
  std::shared_ptr<const config::Config> config;
  std::string connection;  // empty: no `audit.ship`
};
AuditInput load_audit(const std::string& config_file);

}  // namespace pgconsent
