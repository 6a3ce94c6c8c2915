// `pgconsent subject report`: over the control connection, everything in one snapshot.
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <pqxx/pqxx>

#include "proxy/audit_database/report.h"
#include "proxy/cli_audit_commands.h"
#include "proxy/cli_commands.h"
#include "proxy/cli_openness.h"
#include "proxy/config/config.h"
#include "proxy/openness/report.h"

namespace pgconsent {

namespace {

using openness::Answer;
using Outcome = openness::SubjectReport::Outcome;

struct SubjectOptions : OpennessOptions {
  std::string kind, key;
  bool values = false;
};

std::string first_line(std::string text) {
  if (text.starts_with("ERROR:")) text.erase(0, text.find_first_not_of(' ', 6));
  text.resize(std::min(text.size(), text.find('\n')));
  return text;
}

// `row_security = off`: rows that a policy would hide are an error, not a gap.
constexpr const char* settings =
    "SET standard_conforming_strings = on; SET search_path = ''; SET row_security = off; SET TimeZone = "
    "'UTC'; SET DateStyle = 'ISO, YMD'; "
    "SET IntervalStyle = 'iso_8601'; SET bytea_output = 'hex'; SET jit = off";

Answer ask(pqxx::dbtransaction& snapshot, const std::string& sql) {
  Answer answer;
  pqxx::subtransaction step(snapshot);
  try {
    for (const auto& row : step.exec(sql)) {
      Answer::Row& out = answer.rows.emplace_back();
      for (const auto& field : row) {
        out.push_back(field.is_null() ? std::nullopt
                                      : std::optional(std::string(field.c_str(), field.size())));
      }
    }
    step.commit();
  } catch (const pqxx::sql_error& error) {
    answer.sqlstate = error.sqlstate();
    // libpqxx 6 keeps the code of some errors in the exception's type alone.
    if (dynamic_cast<const pqxx::insufficient_privilege*>(&error) != nullptr) answer.sqlstate = "42501";
    answer.error = first_line(error.what());
  }
  return answer;
}

std::string problem(const openness::SubjectReport& report, const config::Config& config) {
  const std::string& kind = report.request.kind;
  switch (report.outcome) {
    case Outcome::answered:
      return {};
    case Outcome::unknown_kind: {
      std::string known;
      for (const auto& [name, each] : report.policy().subjects) known += (known.empty() ? "" : ", ") + name;
      return fmt::format("unknown subject kind \"{}\" ({})", kind,
                         known.empty() ? "the rules name none" : "known: " + known);
    }
    case Outcome::bad_key:
      return fmt::format("\"{}\" is not a key of subject kind \"{}\": {}", report.request.key, kind,
                         report.error);
    case Outcome::unknown_subject:
      return fmt::format("unknown subject \"{}\" of kind \"{}\"", report.request.key, kind);
    case Outcome::failed:
      return fmt::format("{} (the control connection's role `{}` must be able to read what it reports)",
                         report.error, config.control.user);
  }
  return {};
}

int run_report(const SubjectOptions& options) {
  const OpennessInput input = load_openness(options);
  if (!input.generation) return input.status;
  auto [report, made] = make_subject_report(input, options.kind, options.key, options.values);
  if (made != fine) return made;
  add_usage(report, input.config);
  const std::string written = options.format == "json"   ? openness::to_json(report)
                              : options.format == "html" ? openness::to_html(report, options.language)
                                                         : openness::to_markdown(report, options.language);
  const int status = write_openness(written, options.output, true);
  if (status != fine || report.missing.empty()) return status;
  for (const std::string& what : report.missing) fmt::print(stderr, "pgconsent: not read: {}\n", what);
  return fail(found_problems, "the report is not complete");
}

}  // namespace

void add_usage(openness::SubjectReport& report, const std::shared_ptr<const config::Config>& config) {
  std::error_code ignored;
  if (!std::filesystem::exists(config->audit_directory / "subjects", ignored)) return;
  AuditQuestion question;
  question.loaded = config;
  question.filter.database = report.request.database;
  AuditSource audit = open_audit(question, true);
  std::string error = audit.source ? "" : "it can't be opened";
  std::map<std::vector<std::string>, openness::UsedBy> found;
  if (audit.source) {
    const std::string& kind = report.request.kind;
    question.filter.subject = audit_database::Filter::Subject{kind, audit.names.numbers(kind, report.key)};
    const auto add = [&](const audit_database::Entry& entry) {
      const audit_database::Shape& s = entry.shape;
      const std::string categories = audit_database::categories(s.basis);
      openness::UsedBy& used = found[{s.application, s.role, s.purpose, categories}];
      if (used.statements++ == 0) used = {s.role, s.application, s.purpose, categories, 1, "", entry.time};
      used.first = entry.time;
      return true;
    };
    const bool asked = !question.filter.subject->numbers.empty();
    if (asked && !audit.source->entries(question.filter, audit_database::Source::Order::newest_first, 0, add))
      error = audit.source->error();
    if (error.empty())
      for (const std::string& gap : audit_gaps(audit)) report.missing.push_back("audit log: " + gap);
  }
  if (!error.empty()) return report.missing.push_back("audit log: " + error);
  report.used_by.emplace();
  for (auto& [key, used] : found) report.used_by->push_back(std::move(used));
}

MadeReport make_subject_report(const OpennessInput& input, const std::string& kind, const std::string& key,
                               bool values) {
  MadeReport made;
  openness::SubjectReport& report = made.report;
  auto [text, error] = config::control_connection(*input.config, input.database);
  if (!error.empty()) {
    made.status = fail(could_not_run, error);
    return made;
  }
  try {
    pqxx::connection connection(text);
    pqxx::nontransaction(connection).exec(settings);
    pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> snapshot(connection);
    report = openness::make_report({input.generation, input.database, input.today, kind, key, values},
                                   [&](const std::string& sql) { return ask(snapshot, sql); });
  } catch (const std::exception& e) {
    made.status = fail(could_not_run, "database " + input.database + ": " + first_line(e.what()));
    return made;
  }
  if (const std::string why = problem(report, *input.config); !why.empty())
    made.status = fail(report.outcome == Outcome::failed ? could_not_run : found_problems, why);
  return made;
}

void add_subject_commands(CLI::App& app, std::function<int()>& run) {
  auto options = std::make_shared<SubjectOptions>();
  CLI::App* subject = app.add_subcommand("subject", "Answer the people whose data are held");
  subject->require_subcommand(1);
  CLI::App* report = subject->add_subcommand(
      "report", "What is held about one person, and on which basis each purpose may use it now");
  report->add_option("kind", options->kind, "The kind of subject")->required()->type_name("KIND");
  report->add_option("key", options->key, "The subject's key")->required()->type_name("KEY");
  add_openness_options(*report, *options);
  report->add_flag("--values", options->values,
                   "Print the data themselves, too: the answer to an access request (Art. 15 GDPR)");
  report->footer(
      "Rows are counted and, with --values, read over the control connection: its role needs SELECT on the\n"
      "protected tables. What it can't read is named, and the exit status is 1. A file is written for its\n"
      "owner alone.");
  add_forget(*subject, run);
  report->callback([options, &run] { run = [options] { return run_report(*options); }; });
  add_request_command(*subject, run);
}

}  // namespace pgconsent
