// `pgconsent init`: the schema of the built-in consent store.
#include "proxy/cli_init.h"

#include <fmt/format.h>

#include "proxy/catalog/control_connection.h"
#include "proxy/cli_commands.h"
#include "proxy/consent/store/init.h"
#include "proxy/net/log_setup.h"
#include "proxy/net/reload.h"

namespace pgconsent {

int run_init(const InitOptions& options) {
  net::set_log_level(config::LogLevel::warning);
  net::SettingsResult loaded = net::load_settings(options.config);
  net::log_problems(loaded);
  if (!loaded.settings) return found_problems;
  const config::Config& config = *loaded.settings->config;
  const std::string database = options.database.empty() ? config.control.dbname : options.database;
  if (!config.is_enforced(database))
    return fail(found_problems, "the rules do not apply to database " + database);

  auto catalog = catalog::make_control_connection(net::control_settings(config, database));
  auto result = catalog->load_if_changed({}, 1);
  if (!result.snapshot) return fail(could_not_run, "database " + database + ": " + result.error);
  rules::StoreNeedsResult needs = rules::store_needs(*loaded.rules.rules, *result.snapshot);
  net::log_diagnostics(needs.diagnostics);
  if (rules::has_errors(needs.diagnostics)) return found_problems;
  if (needs.needs.kinds.empty())
    return fail(found_problems, "no subject kind keeps its consent here",
                "write `consent: {KIND: {source: builtin}}`");

  auto [connection, error] = config::control_connection(config, database);
  if (!error.empty()) return fail(could_not_run, error);
  consent::InitResult done = consent::initialise(connection, needs.needs, options.dry_run);
  if (!done.error.empty()) return fail(could_not_run, "database " + database + ": " + done.error, done.hint);
  if (options.dry_run) {
    fmt::print("{}", done.sql.empty() ? "-- nothing to do\n" : "BEGIN;\n" + done.sql + "COMMIT;\n");
    return fine;
  }
  if (done.done.empty()) fmt::print("database {}: nothing to do\n", database);
  for (const std::string& what : done.done) fmt::print("database {}: {}\n", database, what);
  return fine;
}

void check_store(const net::SettingsResult& loaded, const std::string& database,
                 const parser::Snapshot& catalog, rules::Diagnostics& diagnostics) {
  const rules::StoreNeedsResult needs = rules::store_needs(*loaded.rules.rules, catalog);
  if (needs.needs.kinds.empty() || rules::has_errors(needs.diagnostics)) return;
  auto [connection, error] = config::control_connection(*loaded.settings->config, database);
  if (!error.empty()) return;
  const consent::InitResult missing = consent::initialise(connection, needs.needs, true);
  for (const std::string& what : missing.done)
    diagnostics.push_back({rules::Diagnostic::Severity::error,
                           {"database " + database, 0, 0},
                           "the consent store lacks: " + what,
                           "run `pgconsent init`"});
}

}  // namespace pgconsent
