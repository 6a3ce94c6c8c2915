// What the commands of `pgconsent audit` share. Private to the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "proxy/audit_database/source.h"
#include "proxy/audit_database/subject_names.h"

namespace pgconsent::config {
struct Config;
}

namespace pgconsent {

void add_audit_database_commands(CLI::App& audit, std::function<int()>& run);  // init, ship
void add_audit_ask_commands(CLI::App& audit, std::function<int()>& run);       // list, show, export
void add_audit_report_commands(CLI::App& audit,
                               std::function<int()>& run);  // report, breach, subject, minimise

// The configuration and the connection to the audit database. Without `config` what is wrong was told.
struct AuditInput {
  std::shared_ptr<const config::Config> config;
  std::string connection;  // empty: no `audit.ship`
};
AuditInput load_audit(const std::string& config_file);
AuditInput use_audit(std::shared_ptr<const config::Config> config);

// What questions have in common, as it was given.
struct AuditQuestion {
  std::string config, since, until, subject;
  std::shared_ptr<const config::Config> loaded;  // instead of reading the file
  audit_database::Filter filter;
  bool files = false;
};
void add_source_options(CLI::App& command, AuditQuestion& question);    // --config, --files
void add_question_options(CLI::App& command, AuditQuestion& question);  // and who asked
void add_period_options(CLI::App& command, AuditQuestion& question, const char* since, const char* until);

// Where the answers come from. Without `source` what is wrong was told, and `status` is the exit status.
struct AuditSource {
  std::shared_ptr<const config::Config> config;
  std::unique_ptr<audit_database::Connection> connection;
  std::unique_ptr<audit_database::Source> source;
  audit_database::SubjectNames names;
  int status = 0;
  const std::filesystem::path& directory() const;  // of the log
};
// Makes the filter of `question` complete. `with_names`: the subject directory is needed.
AuditSource open_audit(AuditQuestion& question, bool with_names);

// What the answers may lack, by now; also the lines that are not shipped yet.
std::vector<std::string> audit_gaps(AuditSource& audit);
// Why statements that are about the filter's subject may be missing; nothing without a subject. False: the
// source can't answer.
bool subject_doubts(AuditSource& audit, const audit_database::Filter& filter,
                    std::vector<std::string>& doubts);
// The exit status of a command that answered: what the answer lacks is told.
int tell_gaps(const std::vector<std::string>& gaps);
int source_failure(const AuditSource& audit);

}  // namespace pgconsent
