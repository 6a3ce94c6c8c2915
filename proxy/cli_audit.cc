#include "proxy/cli_audit.h"

#include "proxy/cli_audit_commands.h"

namespace pgconsent {

void add_audit_commands(CLI::App& app, std::function<int()>& run) {
  CLI::App* audit = app.add_subcommand("audit", "Ask the audit log, keep it in a database");
  audit->require_subcommand(1);
  add_audit_database_commands(*audit, run);
}

}  // namespace pgconsent
