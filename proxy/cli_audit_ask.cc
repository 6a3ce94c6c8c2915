// `pgconsent audit list`, `show` and `export`.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "proxy/audit_database/written.h"
#include "proxy/cli_audit_commands.h"
#include "proxy/cli_commands.h"

namespace pgconsent {

namespace {

using audit_database::Entry;
using audit_database::printable;
using Order = audit_database::Source::Order;

constexpr const char* version = "0.1.0";

struct AskOptions : AuditQuestion {
  std::size_t limit = 50;
  std::uint64_t id = 0;
  std::string format, output;
  bool json = false;
};
using OptionsPtr = std::shared_ptr<AskOptions>;

void print_line(const Entry& entry) {
  const audit_database::Shape& s = entry.shape;
  std::string counted;
  if (entry.outcome && entry.outcome->rows) counted = fmt::format(" rows={}", *entry.outcome->rows);
  if (entry.outcome && entry.outcome->cells_masked)
    counted += fmt::format(" masked={}", *entry.outcome->cells_masked);
  if (entry.outcome && !entry.outcome->sqlstate.empty())
    counted += " sqlstate=" + printable(entry.outcome->sqlstate);
  fmt::print("{} {} {} {} {} {}{} {}{}\n", entry.time, entry.id, s.decision, printable(s.role),
             printable(s.application.empty() ? "-" : s.application),
             printable(s.purpose.empty() ? "-" : s.purpose), counted,
             s.reason.empty() ? "" : "[" + printable(s.reason) + "] ", printable(s.statement));
}

int tell_what_lacks(AuditSource& audit, const audit_database::Filter& filter) {
  std::vector<std::string> doubts;
  if (!subject_doubts(audit, filter, doubts)) return source_failure(audit);
  std::vector<std::string> gaps = audit_gaps(audit);
  gaps.insert(gaps.end(), doubts.begin(), doubts.end());
  return tell_gaps(gaps);
}

int list(AskOptions& options) {
  AuditSource audit = open_audit(options, false);
  if (!audit.source) return audit.status;
  const bool done =
      audit.source->entries(options.filter, Order::newest_first, options.limit, [&](const Entry& entry) {
        if (options.json) {
          fmt::print("{}\n", audit_database::to_json(entry));
        } else {
          print_line(entry);
        }
        return true;
      });
  return done ? tell_what_lacks(audit, options.filter) : source_failure(audit);
}

void print_list(const char* name, const std::vector<std::string>& values) {
  for (const std::string& value : values) {
    fmt::print("{:<15} {}\n", name, printable(value));
    name = "";
  }
}

void print_field(const char* name, const std::string& value) {
  if (!value.empty()) fmt::print("{:<15} {}\n", name, printable(value));
}

void print_outcome(const audit_database::Outcome& outcome, const audit_database::SubjectNames& names) {
  print_field("ended", outcome.time);
  if (outcome.rows) print_field("rows", std::to_string(*outcome.rows));
  if (outcome.cells_masked) print_field("cells masked", std::to_string(*outcome.cells_masked));
  print_field("sqlstate", outcome.sqlstate);
  if (outcome.server_us) print_field("server", std::to_string(*outcome.server_us) + " us");
  for (const auto& each : outcome.subjects) {
    std::string keys = fmt::format("{} {}:", each.numbers.size(), each.kind);
    constexpr std::size_t most = 20;
    for (std::size_t i = 0; i < each.numbers.size() && i < most; ++i) {
      const std::string name = names.name(each.kind, each.numbers[i]);
      keys += " " + (name.empty() ? "(erased)" : name);
    }
    print_field("subjects", keys + (each.numbers.size() > most ? " …" : ""));
  }
  for (const std::string& kind : outcome.subjects_unknown)
    print_field("subjects", kind + ": there may be others");
}

int show(AskOptions& options) {
  AuditSource audit = open_audit(options, false);
  if (!audit.source) return audit.status;
  std::optional<Entry> entry;
  if (!audit.source->show(options.id, entry)) return source_failure(audit);
  if (!entry) {
    tell_gaps(audit_gaps(audit));
    return fail(found_problems, fmt::format("there is no record {}", options.id));
  }
  if (options.json) {
    fmt::print("{}\n", audit_database::to_json(*entry));
    return fine;
  }
  if (entry->outcome && !entry->outcome->subjects.empty()) audit.names.load(audit.directory());
  const audit_database::Shape& s = entry->shape;
  print_field("record", std::to_string(entry->id));
  print_field("time", entry->time);
  print_field("decision", s.decision);
  print_field("reason", s.reason);
  print_field("role", s.role);
  print_field("application", s.application);
  print_field("purpose", s.purpose + (s.purpose_source.empty() ? "" : " (from " + s.purpose_source + ")"));
  print_field("database", s.database);
  print_field("client", entry->client);
  print_field("session", std::to_string(entry->session));
  print_list("tables", s.tables);
  print_list("columns", s.columns);
  print_list("rules", s.rules);
  print_list("basis", s.basis);
  print_field("statement", s.statement);
  print_field("fingerprint", s.fingerprint);
  print_field("proxy", std::to_string(entry->duration_us) + " us");
  if (entry->outcome) print_outcome(*entry->outcome, audit.names);
  print_field("catalog", std::to_string(entry->catalog));
  print_field("rules version", s.rules_version);
  print_field("hash", entry->hash);
  return fine;
}

std::string exported(const Entry& entry, const std::string& format) {
  if (format == "csv") return audit_database::to_csv(entry) + "\r\n";
  if (format == "cef") return audit_database::to_cef(entry, version) + "\n";
  return audit_database::to_json(entry) + "\n";
}

int export_entries(AskOptions& options) {
  AuditSource audit = open_audit(options, false);
  if (!audit.source) return audit.status;
  std::ofstream file;
  if (!options.output.empty()) file.open(options.output, std::ios::binary | std::ios::trunc);
  std::ostream& out = options.output.empty() ? std::cout : file;
  if (!out) return fail(could_not_run, "can't write " + options.output);
  if (options.format == "csv") out << audit_database::csv_header() << "\r\n";
  const bool done = audit.source->entries(options.filter, Order::oldest_first, 0, [&](const Entry& entry) {
    out << exported(entry, options.format);
    return out.good();
  });
  if (!done) return source_failure(audit);
  out.flush();
  if (!out) return fail(could_not_run, "can't write the output");
  return tell_what_lacks(audit, options.filter);
}

void add_filters(CLI::App& command, const OptionsPtr& options) {
  add_question_options(command, *options);
  add_period_options(command, *options, "--since", "--until");
  command.add_option("--decision", options->filter.decision, "Decided so")
      ->check(CLI::IsMember({"allowed", "masked", "refused", "failed", "exempt"}));
  command.add_option("--table", options->filter.table, "That touched this table")
      ->type_name("[SCHEMA.]TABLE");
  command.add_option("--column", options->filter.column, "That used this protected column")
      ->type_name("[[SCHEMA.]TABLE.]COLUMN");
  command.add_option("--fingerprint", options->filter.fingerprint, "Statements of this form")
      ->type_name("HEX");
  command.add_option("--contains", options->filter.contains, "With this in the statement or reason")
      ->type_name("TEXT");
  command.add_option("--subject", options->subject, "That showed this person's data")->type_name("KIND:KEY");
}

}  // namespace

void add_audit_ask_commands(CLI::App& audit, std::function<int()>& run) {
  auto options = std::make_shared<AskOptions>();
  CLI::App* listed = audit.add_subcommand("list", "Statements, the newest first");
  add_filters(*listed, options);
  listed->add_option("--limit", options->limit, "At most so many (50)")->check(CLI::Range(1, 1'000'000));
  listed->add_flag("--json", options->json, "One JSON object a line");
  listed->callback([options, &run] { run = [options] { return list(*options); }; });

  CLI::App* shown = audit.add_subcommand("show", "All that is recorded of one statement");
  shown->add_option("id", options->id, "The record's number")->required()->type_name("ID");
  add_source_options(*shown, *options);
  shown->add_flag("--json", options->json, "Print one JSON object");
  shown->callback([options, &run] { run = [options] { return show(*options); }; });

  CLI::App* exported = audit.add_subcommand("export", "Statements for other programs, the oldest first");
  add_filters(*exported, options);
  exported->add_option("--format", options->format, "jsonl (default), csv or cef (ArcSight's, for a SIEM)")
      ->check(CLI::IsMember({"jsonl", "csv", "cef"}));
  exported->add_option("--output", options->output, "Instead of standard output")->type_name("FILE");
  exported->callback([options, &run] { run = [options] { return export_entries(*options); }; });
}

}  // namespace pgconsent
