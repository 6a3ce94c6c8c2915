// Questions to the audit log: options, and where the answers come from.
#include <fmt/format.h>

#include <algorithm>

#include "proxy/audit/reader.h"
#include "proxy/audit_database/report.h"
#include "proxy/cli_audit_commands.h"
#include "proxy/cli_commands.h"
#include "proxy/config/config.h"

namespace pgconsent {

namespace {

using audit_database::Filter;

constexpr const char* usual_lag = "1min";  // of shipping: not worth a word

bool read_time(const std::string& given, const char* option, std::string& out) {
  if (given.empty()) return true;
  auto time = audit_database::parse_time(given, std::chrono::system_clock::now());
  if (time) {
    out = std::move(*time);
    return true;
  }
  fail(found_problems, fmt::format("{}: \"{}\" is not a time", option, given),
       "2026-01-31, 2026-01-31T12:00:00Z, or how long ago: 30min, 24h, 7d");
  return false;
}

bool complete_filter(AuditQuestion& question) {
  Filter& filter = question.filter;
  if (!read_time(question.since, "the beginning", filter.since) ||
      !read_time(question.until, "the end", filter.until))
    return false;
  if (!filter.since.empty() && !filter.until.empty() && filter.since >= filter.until) {
    fail(found_problems, "the period ends before it begins");
    return false;
  }
  return true;
}

bool find_subject(AuditQuestion& question, const audit_database::SubjectNames& names) {
  const std::size_t colon = question.subject.find(':');
  const std::string kind = question.subject.substr(0, colon);
  if (colon == std::string::npos || colon == 0 || colon + 1 == question.subject.size()) {
    fail(found_problems, fmt::format("\"{}\" is not a subject", question.subject), "write KIND:KEY");
    return false;
  }
  if (!names.has_kind(kind)) {
    const std::string known = names.kinds();
    fail(found_problems, fmt::format("unknown subject kind \"{}\"", kind),
         known.empty() ? "no data of anybody was recorded" : "known: " + known);
    return false;
  }
  question.filter.subject = Filter::Subject{kind, names.numbers(kind, question.subject.substr(colon + 1))};
  return true;
}

}  // namespace

void add_period_options(CLI::App& command, AuditQuestion& question, const char* since, const char* until) {
  command.add_option(since, question.since, "From then on: a date, a time in UTC, or how long ago (24h, 7d)")
      ->type_name("TIME");
  command.add_option(until, question.until, "Before then")->type_name("TIME");
}

void add_source_options(CLI::App& command, AuditQuestion& question) {
  command.add_option("--config", question.config, "The configuration, pgconsent.yaml")
      ->required()
      ->type_name("FILE");
  command.add_flag("--files", question.files, "Read the log's files, also where there is an audit database");
}

void add_question_options(CLI::App& command, AuditQuestion& question) {
  add_source_options(command, question);
  command.add_option("--role", question.filter.role, "Of this login role")->type_name("ROLE");
  command.add_option("--application", question.filter.application, "Of this application_name")
      ->type_name("NAME");
  command.add_option("--purpose", question.filter.purpose, "Under this purpose")->type_name("PURPOSE");
  command.add_option("--database", question.filter.database, "In this database")->type_name("NAME");
}

AuditSource open_audit(AuditQuestion& question, bool with_names) {
  AuditSource audit;
  audit.status = found_problems;
  AuditInput input = question.loaded ? use_audit(question.loaded) : load_audit(question.config);
  if (!input.config || !complete_filter(question)) return audit;
  with_names = with_names || !question.subject.empty();
  if (with_names) {
    if (const std::string error = audit.names.load(input.config->audit_directory); !error.empty()) {
      audit.status = fail(could_not_run, error);
      return audit;
    }
  }
  if (!question.subject.empty() && !find_subject(question, audit.names)) return audit;
  if (input.connection.empty() || question.files) {
    audit.source = audit_database::open_files(input.config->audit_directory);
  } else {
    audit_database::Error error;
    audit.connection = audit_database::Connection::open(input.connection, error);
    if (!audit.connection) {
      audit.status =
          fail(could_not_run, "audit database " + input.config->audit_ship->dbname + ": " + error.message,
               "`--files` answers from the log's files");
      return audit;
    }
    audit.source = audit_database::open_database(*audit.connection);
  }
  audit.config = std::move(input.config);
  audit.status = fine;
  return audit;
}

const std::filesystem::path& AuditSource::directory() const {
  return config->audit_directory;
}

std::vector<std::string> audit_gaps(AuditSource& audit) {
  std::vector<std::string> gaps = audit.source->gaps();
  if (!audit.connection) return gaps;
  audit_database::Rows rows;
  if (!audit.connection->query("SELECT last_id FROM pgconsent_audit.completeness", {}, rows) || rows.empty())
    return gaps;
  const std::uint64_t last = std::stoull(*rows[0][0]);
  audit::Reader reader(audit.config->audit_directory, last + 1);
  audit::ReadLine line;
  if (!reader.next(line)) return gaps;
  const auto then = audit_database::parse_time(usual_lag, std::chrono::system_clock::now());
  if (line.time < *then)
    gaps.push_back(fmt::format("what the log has since {} (line {}) is not in the audit database yet",
                               line.time, line.id));
  return gaps;
}

bool subject_doubts(AuditSource& audit, const Filter& filter, std::vector<std::string>& doubts) {
  if (!filter.subject) return true;
  std::vector<audit_database::Total> totals;
  if (!audit.source->totals(filter, true, totals)) return false;
  doubts = audit_database::doubts_of(totals, filter.subject->kind);
  return true;
}

int tell_gaps(const std::vector<std::string>& gaps) {
  for (const std::string& gap : gaps) fmt::print(stderr, "pgconsent: the answer is partial: {}\n", gap);
  return gaps.empty() ? fine : found_problems;
}

int source_failure(const AuditSource& audit) {
  const bool database = audit.connection != nullptr;
  return fail(could_not_run, (database ? "audit database " + audit.config->audit_ship->dbname + ": " : "") +
                                 audit.source->error());
}

}  // namespace pgconsent
