// `pgconsent audit report`, `breach`, `subject` and `minimise`.
#include <fmt/format.h>

#include <algorithm>

#include "proxy/audit_database/written.h"
#include "proxy/cli_audit_commands.h"
#include "proxy/cli_commands.h"
#include "proxy/cli_openness.h"
#include "proxy/enforce/generation.h"
#include "proxy/openness/document.h"

namespace pgconsent {

namespace {

using audit_database::Report;

struct ReportOptions : AuditQuestion {
  std::string format = "markdown", output, kind, key;
};
using OptionsPtr = std::shared_ptr<ReportOptions>;

openness::Document to_document(const Report& report) {
  openness::Document document{"en", report.title, "Contents", {}, {}};
  openness::Section summary{"summary", "Summary", {}};
  for (const std::string& notice : report.notices)
    summary.blocks.emplace_back(openness::Notice{openness::plain(notice)});
  openness::List facts;
  for (const auto& [name, value] : report.facts)
    facts.items.push_back(openness::plain(name + ": ") + openness::strong(value));
  summary.blocks.emplace_back(std::move(facts));
  document.sections.push_back(std::move(summary));
  for (const audit_database::ResultTable& from : report.tables) {
    openness::Section section{from.id, from.title, {}};
    openness::Table table{from.title, from.columns, {}};
    for (const auto& row : from.rows) {
      auto& cells = table.rows.emplace_back();
      for (const std::string& value : row) cells.push_back(openness::plain(value));
    }
    if (table.rows.empty()) {
      section.blocks.emplace_back(openness::Paragraph{openness::plain("None.")});
    } else {
      section.blocks.emplace_back(std::move(table));
    }
    document.sections.push_back(std::move(section));
  }
  return document;
}

// What it may lack stands in the report itself, too.
int write_report(Report report, const ReportOptions& options, AuditSource& audit,
                 std::vector<std::string> gaps = {}) {
  for (std::string& gap : audit_gaps(audit)) gaps.push_back(std::move(gap));
  for (const std::string& gap : gaps) report.notices.push_back("This answer is partial: " + gap);
  const std::string text = options.format == "json"   ? audit_database::to_json(report)
                           : options.format == "csv"  ? audit_database::to_csv(report)
                           : options.format == "html" ? openness::to_html(to_document(report))
                                                      : openness::to_markdown(to_document(report));
  const int status = write_openness(text, options.output, true);
  gaps.insert(gaps.end(), report.doubts.begin(), report.doubts.end());
  const int complete = tell_gaps(gaps);
  return status != fine ? status : complete;
}

int report(ReportOptions& options) {
  AuditSource audit = open_audit(options, false);
  if (!audit.source) return audit.status;
  std::vector<audit_database::Total> totals;
  if (!audit.source->totals(options.filter, false, totals)) return source_failure(audit);
  return write_report(audit_database::period_report(totals, {options.filter.since, options.filter.until}),
                      options, audit);
}

int breach(ReportOptions& options) {
  if (options.filter.role.empty() && options.filter.application.empty())
    return fail(found_problems, "whose access was it?", "give --role or --application");
  AuditSource audit = open_audit(options, true);
  if (!audit.source) return audit.status;
  std::vector<audit_database::Total> totals;
  if (!audit.source->totals(options.filter, true, totals)) return source_failure(audit);
  const auto name = [&](const std::string& kind, std::uint32_t number) {
    return audit.names.name(kind, number);
  };
  return write_report(audit_database::breach_report(totals, options.filter, name), options, audit);
}

int subject(ReportOptions& options) {
  options.subject = options.kind + ":" + options.key;
  AuditSource audit = open_audit(options, true);
  if (!audit.source) return audit.status;
  std::vector<audit_database::Entry> entries;
  const bool done = audit.source->entries(options.filter, audit_database::Source::Order::newest_first, 0,
                                          [&](const audit_database::Entry& entry) {
                                            entries.push_back(entry);
                                            return true;
                                          });
  std::vector<std::string> doubts;
  if (!done || !subject_doubts(audit, options.filter, doubts)) return source_failure(audit);
  return write_report(
      audit_database::subject_report(entries, options.kind, options.key, options.filter, std::move(doubts)),
      options, audit);
}

// The protected columns that the rules name, and for which purposes there is a basis.
std::vector<audit_database::RuledColumn> ruled_columns(const rules::Policy& policy) {
  std::vector<audit_database::RuledColumn> out;
  for (const auto& [oid, relation] : policy.relations) {
    if (relation.declared != relation.oid || !relation.through.empty()) continue;  // partitions, views
    for (const rules::ProtectedColumn& column : relation.columns) {
      if (column.is_public || !column.is_named) continue;
      auto& each = out.emplace_back();
      each.column = relation.name + "." + column.name;
      each.category = column.category;
      for (const auto& [name, purpose] : policy.purposes) {
        if (purpose.lawful_basis.find(column.category) != purpose.lawful_basis.end())
          each.purposes.insert(name);
      }
    }
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.column < b.column; });
  return out;
}

int minimise(ReportOptions& options) {
  AuditSource audit = open_audit(options, false);
  if (!audit.source) return audit.status;
  std::vector<audit_database::Total> totals;
  if (!audit.source->totals(options.filter, false, totals)) return source_failure(audit);
  OpennessOptions of_rules;
  of_rules.config = options.config;
  of_rules.database = options.filter.database;
  const OpennessInput rules = load_openness(of_rules);
  std::vector<std::string> gaps;
  std::vector<audit_database::RuledColumn> columns;
  if (rules.generation) {
    columns = ruled_columns(rules.generation->policy());
  } else {
    gaps.emplace_back("the rules can't be held against the catalog: columns that nobody uses are not known");
  }
  return write_report(
      audit_database::minimise_report(totals, {options.filter.since, options.filter.until}, columns), options,
      audit, std::move(gaps));
}

CLI::App* add_report(CLI::App& audit, const OptionsPtr& options, const char* name, const char* about) {
  CLI::App* command = audit.add_subcommand(name, about);
  add_question_options(*command, *options);
  add_period_options(*command, *options, "--from", "--to");
  command->add_option("--format", options->format, "markdown (default), html (one page), csv or json")
      ->check(CLI::IsMember({"markdown", "html", "csv", "json"}));
  command->add_option("--output", options->output, "Instead of standard output; for its owner alone")
      ->type_name("FILE");
  return command;
}

}  // namespace

void add_audit_report_commands(CLI::App& audit, std::function<int()>& run) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* of_period =
      add_report(audit, options, "report",
                 "Refusals by reason, masked columns, purposes, exempt access, new statements");
  of_period->callback([options, &run] { run = [options] { return report(*options); }; });

  CLI::App* of_breach = add_report(
      audit, options, "breach", "Whose data a role or application got between two times, for notification");
  of_breach->footer(
      "Keys come from the subject directory beside the log: nobody else can name the subjects.");
  of_breach->callback([options, &run] { run = [options] { return breach(*options); }; });

  CLI::App* of_subject = add_report(audit, options, "subject", "Who got one person's data, when, and why");
  of_subject->add_option("kind", options->kind, "The kind of subject")->required()->type_name("KIND");
  of_subject->add_option("key", options->key, "The subject's key")->required()->type_name("KEY");
  of_subject->callback([options, &run] { run = [options] { return subject(*options); }; });

  CLI::App* of_columns = add_report(audit, options, "minimise",
                                    "Columns that are read but always masked, and columns that nobody uses");
  of_columns->footer("The rules are held against the live catalog, as by `pgconsent check`.");
  of_columns->callback([options, &run] { run = [options] { return minimise(*options); }; });
}

}  // namespace pgconsent
