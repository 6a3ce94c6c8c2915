// `pgconsent audit init` and `pgconsent audit ship`.
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "proxy/audit_database/init.h"
#include "proxy/audit_database/shipper.h"
#include "proxy/cli_audit_commands.h"
#include "proxy/cli_commands.h"
#include "proxy/config/config.h"
#include "proxy/net/log_setup.h"
#include "proxy/net/reload.h"

namespace pgconsent {

namespace {

struct DatabaseOptions {
  std::string config;
  std::uint64_t batch = audit_database::ShipOptions().batch_lines;  // ship
  bool dry_run = false;                                             // init
  bool once = false, past_gaps = false;                             // ship
};

// The audit database must be configured for these commands.
AuditInput load_database(const std::string& config_file, int& status) {
  AuditInput input = load_audit(config_file);
  status = found_problems;
  if (input.config && input.connection.empty()) {
    status = fail(found_problems, "there is no audit database in " + config_file,
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
    return fail(could_not_run, "audit database " + name + ": " + done.error, done.hint);
  if (options.dry_run) {
    fmt::print("{}", done.sql.empty() ? "-- nothing to do\n" : "BEGIN;\n" + done.sql + "COMMIT;\n");
    return fine;
  }
  if (done.done.empty()) fmt::print("audit database {}: nothing to do\n", name);
  for (const std::string& what : done.done) fmt::print("audit database {}: {}\n", name, what);
  return fine;
}

volatile std::sig_atomic_t stop_asked = 0;

// Until all is there. Between batches SIGINT and SIGTERM end it.
bool ship_all(audit_database::Shipper& shipper) {
  while (stop_asked == 0) {
    switch (shipper.step()) {
      case audit_database::Shipper::Step::shipped:
        break;
      case audit_database::Shipper::Step::up_to_date:
        return true;
      case audit_database::Shipper::Step::failed:
        return false;
    }
  }
  return true;
}

int run_audit_ship(const DatabaseOptions& options) {
  int status = fine;
  const AuditInput input = load_database(options.config, status);
  if (!input.config) return status;
  const std::string where = "audit database " + input.config->audit_ship->dbname + ": ";
  audit_database::Error error;
  const auto connection = audit_database::Connection::open(input.connection, error);
  if (!connection) return fail(could_not_run, where + error.message);
  audit_database::ShipOptions how;
  how.past_gaps = options.past_gaps;
  how.batch_lines = options.batch;
  audit_database::Shipper shipper(input.config->audit_directory, *connection, how);
  std::signal(SIGINT, [](int) { stop_asked = 1; });
  std::signal(SIGTERM, [](int) { stop_asked = 1; });
  bool fine_so_far = ship_all(shipper);
  while (fine_so_far && !options.once && stop_asked == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    fine_so_far = ship_all(shipper);
  }
  fmt::print("{} lines shipped, the last is {}\n", shipper.lines(), shipper.last_id());
  return fine_so_far ? fine : fail(could_not_run, where + shipper.error());
}

}  // namespace

AuditInput use_audit(std::shared_ptr<const config::Config> config) {
  AuditInput input;
  if (config->audit_ship) {
    config::ControlString connection = config::audit_connection(*config);
    if (!connection.error.empty()) {
      fail(could_not_run, connection.error);
      return input;
    }
    input.connection = std::move(connection.text);
  }
  input.config = std::move(config);
  return input;
}

// The rules are not looked at: the log is there whether they are right or not.
AuditInput load_audit(const std::string& config_file) {
  net::set_log_level(config::LogLevel::warning);
  config::ReadResult read = config::read_config(config_file);
  net::log_diagnostics(read.diagnostics);
  return read.config ? use_audit(std::move(read.config)) : AuditInput{};
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

  CLI::App* ship = audit.add_subcommand("ship", "Bring the log into the audit database, each line once");
  ship->add_option("--config", options->config, "The configuration, pgconsent.yaml")
      ->required()
      ->type_name("FILE");
  ship->add_flag("--once", options->once, "End when all is there, instead of going on with what is written");
  ship->add_flag("--past-gaps", options->past_gaps,
                 "Go on past lines that are missing or damaged, and note them");
  ship->add_option("--batch", options->batch, "Lines of one transaction, instead of 20000")
      ->check(CLI::Range(1, 1'000'000));
  ship->footer(
      "A proxy with `audit: {ship: …}` does this by itself. What was interrupted goes on where it stopped.");
  ship->callback([options, &run] { run = [options] { return run_audit_ship(*options); }; });
}

}  // namespace pgconsent
