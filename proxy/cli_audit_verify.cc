#include "proxy/cli_audit_verify.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "proxy/audit/signing.h"
#include "proxy/audit/verify.h"
#include "proxy/cli_commands.h"
#include "proxy/net/log_setup.h"
#include "proxy/net/reload.h"

namespace pgconsent {

namespace {

struct Options {
  std::filesystem::path config, directory, key, new_key;
  std::vector<std::filesystem::path> checkpoints;
  bool json = false;
};

// What the command line does not say comes from the configuration. False: it can't be read.
bool complete(const Options& options, audit::VerifyOptions& out) {
  out.directory = options.directory;
  out.checkpoint_directories = options.checkpoints;
  out.key = options.key;
  if (options.config.empty()) return true;
  net::set_log_level(config::LogLevel::warning);
  config::ReadResult read = config::read_config(options.config);
  net::log_diagnostics(read.diagnostics);
  if (!read.config) return false;
  const config::Config& config = *read.config;
  out.needs_subjects = out.directory.empty();
  if (out.directory.empty()) out.directory = config.audit_directory;
  if (out.key.empty()) out.key = config.audit.signing_key;
  if (!config.audit.checkpoint_directory.empty())
    out.checkpoint_directories.push_back(config.audit.checkpoint_directory);
  return true;
}

// audit.jsonl:7: id 7: was changed
std::string place(const audit::Finding& finding) {
  std::string out = finding.file;
  if (finding.line > 0) out += fmt::format(":{}", finding.line);
  if (!out.empty()) out += ": ";
  if (finding.segment > 0) out += fmt::format("segment {}: ", finding.segment);
  if (finding.id > 0) out += fmt::format("id {}: ", finding.id);
  return out;
}

void print_text(const audit::VerifyResult& result) {
  for (const audit::Finding& each : result.findings) fmt::print("{}{}\n", place(each), each.what);
  for (const std::string& note : result.notes) fmt::print("note: {}\n", note);
  fmt::print("{}: {} lines ({} statements) in {} segments, ids {} to {}, {} checkpoints{}\n",
             result.findings.empty() ? "verified" : fmt::format("{} PROBLEMS", result.findings.size()),
             result.lines, result.records, result.segments, result.first_id, result.last_id,
             result.checkpoints,
             result.signed_checkpoints > 0 ? fmt::format(", {} signed", result.signed_checkpoints) : "");
  if (result.last_checkpoint < result.last_id)
    fmt::print("note: from id {} on, there is no checkpoint yet: only the chain vouches for these lines\n",
               result.last_checkpoint + 1);
}

void print_json(const audit::VerifyResult& result) {
  nlohmann::ordered_json findings = nlohmann::ordered_json::array();
  for (const audit::Finding& each : result.findings) {
    findings.push_back({{"file", each.file},
                        {"segment", each.segment},
                        {"line", each.line},
                        {"id", each.id},
                        {"what", each.what}});
  }
  const nlohmann::ordered_json out = {{"verified", result.findings.empty()},
                                      {"findings", findings},
                                      {"notes", result.notes},
                                      {"segments", result.segments},
                                      {"removed_segments", result.removed_segments},
                                      {"lines", result.lines},
                                      {"records", result.records},
                                      {"first_id", result.first_id},
                                      {"last_id", result.last_id},
                                      {"last_hash", result.last_hash},
                                      {"checkpoints", result.checkpoints},
                                      {"signed_checkpoints", result.signed_checkpoints},
                                      {"last_checkpoint", result.last_checkpoint}};
  fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

int run_verify(const Options& options) {
  audit::VerifyOptions wanted;
  if (!complete(options, wanted)) return could_not_run;
  const audit::VerifyResult result = audit::verify(wanted);
  if (!result.error.empty()) return fail(could_not_run, result.error);
  options.json ? print_json(result) : print_text(result);
  return result.findings.empty() ? fine : found_problems;
}

int run_keygen(const Options& options) {
  std::string public_pem;
  if (std::string error = audit::generate_key(options.new_key, public_pem); !error.empty())
    return fail(could_not_run, error);
  fmt::print("{}", public_pem);
  return fine;
}

}  // namespace

void add_audit_verify(CLI::App& audit, std::function<int()>& command) {
  auto options = std::make_shared<Options>();
  CLI::App* verify = audit.add_subcommand(
      "verify",
      "Find every changed, removed, reordered or cut line of the audit log; exit status 1 if there is one");
  auto* config = verify->add_option("--config", options->config, "The configuration, pgconsent.yaml");
  config->type_name("FILE");
  auto* directory = verify->add_option("--directory", options->directory, "The audit directory");
  directory->type_name("DIR");
  verify->add_option("--checkpoints", options->checkpoints, "Further directories with checkpoints")
      ->type_name("DIR");
  verify->add_option("--public-key", options->key, "The key that must have signed them (PEM)")
      ->type_name("FILE");
  verify->add_flag("--json", options->json, "Print one JSON object");
  verify->callback([options, config, directory, &command] {
    if (config->count() + directory->count() == 0) throw CLI::RequiredError("--config or --directory");
    command = [options] { return run_verify(*options); };
  });

  CLI::App* keygen = audit.add_subcommand(
      "keygen", "Make a private key for audit.signing_key and print its public half, to be kept by auditors");
  keygen->add_option("file", options->new_key, "The new file, readable by its owner only")
      ->required()
      ->type_name("FILE");
  keygen->callback([options, &command] { command = [options] { return run_keygen(*options); }; });
}

}  // namespace pgconsent
