#include "proxy/cli_openness.h"

#include <fmt/format.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include "proxy/catalog/control_connection.h"
#include "proxy/cli_commands.h"
#include "proxy/net/log_setup.h"
#include "proxy/net/reload.h"
#include "proxy/openness/texts.h"

namespace pgconsent {

namespace {

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{:04}-{:02}-{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
}

}  // namespace

void add_openness_options(CLI::App& command, OpennessOptions& options) {
  command.add_option("--config", options.config, "The configuration, pgconsent.yaml")
      ->required()
      ->type_name("FILE");
  command.add_option("--database", options.database, "Instead of control.dbname")->type_name("NAME");
  command
      .add_option("--format", options.format, "markdown (default), html (one page) or json (for programs)")
      ->check(CLI::IsMember({"markdown", "html", "json"}));
  command.add_option("--language", options.language, "en (default), or another that is shipped")
      ->check(CLI::IsMember(openness::Texts::languages()));
  command.add_option("--output", options.output, "Instead of standard output")->type_name("FILE");
}

OpennessInput load_openness(const OpennessOptions& options) {
  OpennessInput out;
  net::set_log_level(config::LogLevel::error);
  net::SettingsResult loaded = net::load_settings(options.config);
  net::log_problems(loaded);
  out.status = found_problems;
  if (!loaded.settings) return out;
  out.config = loaded.settings->config;
  out.database = options.database.empty() ? out.config->control.dbname : options.database;
  out.today = today();
  if (!out.config->is_enforced(out.database)) {
    fail(found_problems, "the rules do not apply to database " + out.database);
    return out;
  }
  auto catalog = catalog::make_control_connection(net::control_settings(*out.config, out.database));
  auto result = catalog->load_if_changed({}, 1);
  if (!result.snapshot) {
    out.status = fail(could_not_run, "database " + out.database + ": " + result.error);
    return out;
  }
  net::BoundRules bound = net::bind_rules(loaded.rules, result.snapshot);
  out.generation = std::move(bound.generation);
  if (out.generation) {
    out.status = fine;
    return out;
  }
  net::log_diagnostics(bound.diagnostics);
  fail(found_problems, "database " + out.database + ": the rules do not fit the catalog");
  return out;
}

int write_openness(const std::string& text, const std::string& output, bool secret) {
  if (output.empty()) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    return written && std::fflush(stdout) == 0 ? fine : fail(could_not_run, "can't write to standard output");
  }
  namespace fs = std::filesystem;
  const fs::path part = output + ".part";
  std::error_code error;
  fs::remove(part, error);
  std::ofstream out(part, std::ios::binary);
  if (secret) fs::permissions(part, fs::perms::owner_read | fs::perms::owner_write, error);
  if (out && !error) out << text;
  out.close();
  if (out && !error) fs::rename(part, output, error);
  if (out && !error) return fine;
  std::error_code ignored;
  fs::remove(part, ignored);
  return fail(could_not_run, "can't write " + output);
}

}  // namespace pgconsent
