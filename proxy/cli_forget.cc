// `pgconsent subject forget`: one person's entry in the audit log's subject directory is erased.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <thread>

#include "proxy/audit/subject_file.h"
#include "proxy/cli_commands.h"
#include "proxy/cli_openness.h"
#include "proxy/config/config.h"

namespace pgconsent {

namespace {

struct ForgetOptions {
  std::string config, kind, key;
};

// Waits for a proxy that runs to take note, so that nothing goes on under the old number.
bool until_noticed(const audit::SubjectFile& file) {
  constexpr std::chrono::milliseconds step{50};
  constexpr int steps = 200;
  for (int i = 0; i < steps; ++i) {
    if (!file.has_owner() || file.noticed() == file.erasures()) return true;
    std::this_thread::sleep_for(step);
  }
  return false;
}

int run_forget(const ForgetOptions& options) {
  const config::ReadResult read = config::read_config(options.config);
  if (!read.config) {
    for (const auto& diagnostic : read.diagnostics) fmt::print(stderr, "{}\n", rules::to_string(diagnostic));
    return could_not_run;
  }
  audit::SubjectFile file;
  if (std::string error = file.open(read.config->audit_directory, audit::SubjectFile::Use::change);
      !error.empty())
    return fail(could_not_run, error);
  std::optional<std::uint8_t> kind;
  std::string error = file.read([&](const audit::SubjectEntry& entry) {
    if (entry.type == audit::SubjectEntry::Type::kind && entry.key == options.kind) kind = entry.kind;
  });
  std::size_t erased = 0;
  if (error.empty() && kind) {
    error = file.erase(
        [&](const audit::SubjectEntry& entry) {
          return entry.kind == *kind && audit::text_of(entry.subject()) == options.key;
        },
        erased);
  }
  if (!error.empty()) return fail(could_not_run, error);
  if (erased == 0) {
    return fail(found_problems, fmt::format("the audit log names no subject \"{}\" of kind \"{}\"",
                                            options.key, options.kind));
  }
  if (!until_noticed(file)) {
    return fail(found_problems, "forgotten, but the running proxy has not noticed yet");
  }
  fmt::print("The audit log no longer names subject \"{}\" of kind \"{}\".\n", options.key, options.kind);
  return fine;
}

}  // namespace

void add_forget(CLI::App& subject, std::function<int()>& run) {
  auto options = std::make_shared<ForgetOptions>();
  CLI::App* forget = subject.add_subcommand(
      "forget",
      "Make what the audit log says of one person unreadable (Art. 17 GDPR), also while the proxy runs");
  forget->add_option("--config", options->config, "The configuration, pgconsent.yaml")
      ->required()
      ->type_name("FILE");
  forget->add_option("kind", options->kind, "The kind of subject")->required()->type_name("KIND");
  forget->add_option("key", options->key, "The subject's key, as the server prints it")
      ->required()
      ->type_name("KEY");
  forget->footer(
      "Records name people by number. This erases what the number stands for; the records and their chain "
      "stay as\n"
      "they are. Nothing in the database is changed. Backups of <audit directory>/subjects know the person "
      "still.");
  forget->callback([options, &run] { run = [options] { return run_forget(*options); }; });
}

}  // namespace pgconsent
