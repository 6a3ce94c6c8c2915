#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "proxy/cli_audit.h"
#include "proxy/cli_commands.h"
#include "proxy/cli_consent.h"
#include "proxy/cli_openness.h"
#include "proxy/net/log_setup.h"
#include "proxy/net/server.h"

namespace {

constexpr const char* version = "pgconsent 0.1.0";

int run(int argc, char** argv) {
  CLI::App app("A PostgreSQL proxy that masks personal data by consent and lawful basis", "pgconsent");
  app.set_version_flag("--version", version);
  app.require_subcommand(1);
  app.footer("Exit status: 0 fine, 1 found problems, 2 could not run");

  std::string config;
  CLI::App* serve = app.add_subcommand("serve", "Run the proxy");
  serve->add_option("--config", config, "The configuration, pgconsent.yaml")->required()->type_name("FILE");
  serve->footer("SIGHUP reloads rules, certificates and limits; SIGTERM drains; SIGINT stops.");

  pgconsent::CheckOptions check_options;
  CLI::App* check = app.add_subcommand("check", "Hold configuration and rules against the live catalog");
  check->add_option("--config", config, "The configuration, pgconsent.yaml")->required()->type_name("FILE");
  check->add_flag("--json", check_options.json, "Print one JSON object");

  pgconsent::ExplainOptions explain_options;
  CLI::App* explain =
      app.add_subcommand("explain", "Say what would be done with a statement, without running it");
  explain->add_option("--config", config, "The configuration, pgconsent.yaml")->required()->type_name("FILE");
  explain->add_option("--role", explain_options.role, "The login role that sends it")
      ->required()
      ->type_name("ROLE");
  explain->add_option("--purpose", explain_options.purpose, "Instead of the role's default")
      ->type_name("PURPOSE");
  explain->add_option("--database", explain_options.database, "Instead of control.dbname")->type_name("NAME");
  explain->add_flag("--json", explain_options.json, "Print one JSON object");
  explain->add_option("sql", explain_options.sql, "The statement")->required()->type_name("SQL");

  pgconsent::InitOptions init_options;
  CLI::App* init = app.add_subcommand("init", "Create or upgrade the consent store (schema pgconsent)");
  init->add_option("--config", config, "The configuration, pgconsent.yaml")->required()->type_name("FILE");
  init->add_option("--database", init_options.database, "Instead of control.dbname")->type_name("NAME");
  init->add_flag("--dry-run", init_options.dry_run, "Print the SQL and change nothing");

  std::function<int()> consent_command;
  pgconsent::add_consent_commands(app, consent_command);
  pgconsent::add_audit_commands(app, consent_command);
  pgconsent::add_statement_command(app, consent_command);
  pgconsent::add_subject_commands(app, consent_command);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? pgconsent::fine : pgconsent::could_not_run;
  }
  pgconsent::net::set_up_log();
  if (serve->parsed()) return pgconsent::net::serve(config);
  if (check->parsed()) {
    check_options.config = config;
    return pgconsent::run_check(check_options);
  }
  if (consent_command) return consent_command();
  if (init->parsed()) {
    init_options.config = config;
    return pgconsent::run_init(init_options);
  }
  explain_options.config = config;
  return pgconsent::run_explain(explain_options);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "pgconsent: %s\n", e.what());
    return pgconsent::could_not_run;
  }
}
