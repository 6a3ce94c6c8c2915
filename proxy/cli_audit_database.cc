// `pgconsent audit init` and `pgconsent audit ship`.
#include <fmt/format.h>

#include "proxy/audit_database/init.h"
#include "proxy/cli_audit_commands.h"
#include "proxy/cli_commands.h"
#include "proxy/config/config.h"
#include "proxy/net/log_setup.h"
#include "proxy/net/reload.h"

namespace pgconsent {

namespace {

struct DatabaseOptions {
  std::string config;
  bool dry_run = false;
};

// The audit database must be configured for these commands.
AuditInput load_database(const std::string& config_file, int& status) {
  AuditInput input = load_audit(config_file);
  status = found_problems;
  if (input.config && input.connection.empty()) {
    status = audit_failure(found_problems, "there is no audit database in " + config_file,
                           "write `audit: {ship: {host: …, dbname: …, user: …}}`");
    input.config = nullptr;
  }
  return input;
}

int run_audit_init(const DatabaseOptions& options) {
  int status = fine;
  const AuditInput input = load_database(options.config, status);
  if (!input.config) return status;
  const audit_database::InitResult done = audit_database::initialise(input.connection, options.dry_run);
  const std::string& name = input.config->audit_ship->dbname;
  if (!done.error.empty())
    return audit_failure(could_not_run, "audit database " + name + ": " + done.error, done.hint);
  if (options.dry_run) {
    fmt::print("{}", done.sql.empty() ? "-- nothing to do\n" : "BEGIN;\n" + done.sql + "COMMIT;\n");
    return fine;
  }
  if (done.done.empty()) fmt::print("audit database {}: nothing to do\n", name);
  for (const std::string& what : done.done) fmt::print("audit database {}: {}\n", name, what);
  return fine;
}

}  // namespace

int audit_failure(int status, const std::string& message, const std::string& hint) {
  fmt::print(stderr, "pgconsent: {}{}\n", message, hint.empty() ? "" : " (" + hint + ")");
  return status;
}

// The rules are not looked at: the log is there whether they are right or not.
AuditInput load_audit(const std::string& config_file) {
  AuditInput input;
  net::set_log_level(config::LogLevel::warning);
  config::ReadResult read = config::read_config(config_file);
  net::log_diagnostics(read.diagnostics);
  if (!read.config) return input;
  if (read.config->audit_ship) {
    config::ControlString connection = config::audit_connection(*read.config);
    if (!connection.error.empty()) {
      audit_failure(could_not_run, connection.error);
      return input;
    }
    input.connection = std::move(connection.text);
  }
  input.config = std::move(read.config);
  return input;
}

void add_audit_database_commands(CLI::App& audit, std::function<int()>& run) {
  auto options = std::make_shared<DatabaseOptions>();
  CLI::App* init =
      audit.add_subcommand("init", "Create or upgrade the audit database (schema pgconsent_audit)");
  init->add_option("--config", options->config, "The configuration, pgconsent.yaml")
      ->required()
      ->type_name("FILE");
  init->add_flag("--dry-run", options->dry_run, "Print the SQL and change nothing");
  init->callback([options, &run] { run = [options] { return run_audit_init(*options); }; });
}

}  // namespace pgconsent
