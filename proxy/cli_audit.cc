#include "proxy/cli_audit.h"

#include "proxy/cli_audit_commands.h"
#include "proxy/cli_audit_verify.h"

namespace pgconsent {

void add_audit_commands(CLI::App& app, std::function<int()>& run) {
  CLI::App* audit = app.add_subcommand("audit", "Ask the audit log, keep it in a database");
  audit->require_subcommand(1);
  add_audit_ask_commands(*audit, run);
  add_audit_report_commands(*audit, run);
  add_audit_database_commands(*audit, run);
  add_audit_verify(*audit, run);
  audit->footer(
      "Questions are answered by the audit database, where `audit: {ship: …}` names one, else by the log's "
      "files.\n"
      "Exit status: 0 fine, 1 wrong question or a partial answer, 2 could not run");
}

}  // namespace pgconsent
