#include <fmt/format.h>

#include "proxy/cli_commands.h"
#include "proxy/cli_openness.h"
#include "proxy/openness/statement.h"

namespace pgconsent {

namespace {

int run_statement(const OpennessOptions& options) {
  const OpennessInput input = load_openness(options);
  if (!input.generation) return input.status;
  const auto statement = openness::make_statement(input.generation, input.database, input.today);
  if (options.format == "json") return write_openness(openness::to_json(statement), options.output);
  if (statement.policy().controller.name.empty()) {
    fmt::print(stderr,
               "pgconsent: the rules name no controller: write `controller: {{name: …, contact: …}}`\n");
  }
  const std::string text = options.format == "html" ? openness::to_html(statement, options.language)
                                                    : openness::to_markdown(statement, options.language);
  return write_openness(text, options.output);
}

}  // namespace

void add_statement_command(CLI::App& app, std::function<int()>& run) {
  auto options = std::make_shared<OpennessOptions>();
  CLI::App* command =
      app.add_subcommand("statement", "Write the public processing statement from the rules in force");
  add_openness_options(*command, *options);
  command->footer(
      "Names and descriptions come from the rules: `controller`, and `description` at subjects, categories,\n"
      "purposes, bases, tables and applications, in one language or several: {en: …, ru: …}.");
  command->callback([options, &run] { run = [options] { return run_statement(*options); }; });
}

}  // namespace pgconsent
