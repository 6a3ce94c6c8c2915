// `pgconsent statement` and `pgconsent subject report`: for the public and for the people concerned.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "proxy/openness/report.h"

namespace pgconsent::config {
struct Config;
}
namespace pgconsent {

// Adds the commands; `run` is set to what was chosen when they are parsed.
void add_statement_command(CLI::App& app, std::function<int()>& run);
void add_subject_commands(CLI::App& app, std::function<int()>& run);
void add_forget(CLI::App& subject, std::function<int()>& run);

// What they share. Private to the command line.
struct OpennessOptions {
  std::string config, database, format = "markdown", language = "en", output;
};
void add_openness_options(CLI::App& command, OpennessOptions& options);

struct OpennessInput {
  std::shared_ptr<const config::Config> config;
  enforce::GenerationPtr generation;  // null: what is wrong was told, and this is the exit status:
  int status = 0;
  std::string database, today;
};
OpennessInput load_openness(const OpennessOptions& options);

// The report on one person, over the control connection in one snapshot. A status other than `fine`: why was
// told.
struct MadeReport {
  openness::SubjectReport report;
  int status = 0;
};
MadeReport make_subject_report(const OpennessInput& input, const std::string& kind, const std::string& key,
                               bool values);
// Who used the data, where the audit log tells: it does once there is a subject directory.
void add_usage(openness::SubjectReport& report, const std::shared_ptr<const config::Config>& config);

// `pgconsent subject request`: what OpenDSR has data subjects ask for.
void add_request_command(CLI::App& subject, std::function<int()>& run);

// To the file or, without one, to standard output; returns the exit status. A file is replaced whole, or not
// at all. `secret`: only its owner may read it.
int write_openness(const std::string& text, const std::string& output, bool secret = false);

}  // namespace pgconsent
