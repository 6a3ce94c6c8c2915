#include "proxy/cli_consent.h"

#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "proxy/cli_commands.h"
#include "proxy/consent/store/client.h"
#include "proxy/net/reload.h"
#include "rules/vocabulary.h"

namespace pgconsent {

namespace {

using consent::Event;
using consent::Outcome;
using json = nlohmann::ordered_json;

struct ConsentOptions {
  std::string config, database;
  std::map<std::string, std::string> fields;  // of the event
  std::string kind, subject, format;
  std::filesystem::path file, output;
  consent::ImportOptions import;
  bool json = false;
};
using OptionsPtr = std::shared_ptr<ConsentOptions>;

int failed(const Outcome& outcome) {
  return fail(outcome.could_run ? found_problems : could_not_run, outcome.error);
}

// The control connection of the database; an error was told. `read`: what the rules call things elsewhere is
// set.
std::unique_ptr<consent::StoreClient> open_store(const ConsentOptions& options,
                                                 consent::ReaderOptions* read = nullptr) {
  net::SettingsResult loaded = net::load_settings(options.config);
  net::log_problems(loaded);
  if (!loaded.settings) return nullptr;
  if (read != nullptr) read->vocabulary = rules::vocabulary_of(*loaded.rules.rules);
  const config::Config& config = *loaded.settings->config;
  const std::string database = options.database.empty() ? config.control.dbname : options.database;
  auto [connection, error] = config::control_connection(config, database);
  if (!error.empty()) {
    fail(could_not_run, error);
    return nullptr;
  }
  return std::make_unique<consent::StoreClient>(connection);
}

int record(const ConsentOptions& options, const std::string& type) {
  auto store = open_store(options);
  if (!store) return could_not_run;
  Event event;
  *event.field("event_type") = type;
  for (const auto& [name, value] : options.fields) {
    if (!value.empty()) *event.field(name) = value;
  }
  std::string id;
  const Outcome outcome = store->record(event, id);
  if (!outcome.error.empty()) return failed(outcome);
  fmt::print("{}\n", id);
  return fine;
}

void print_json(const ConsentOptions& options, const consent::SubjectState& state) {
  json entries = json::array(), events = json::array();
  for (const auto& entry : state.entries) {
    json each{{"purpose", entry.purpose}};
    if (!entry.category.empty()) each["category"] = entry.category;
    if (!entry.consent.empty()) each["consent"] = entry.consent;
    if (!entry.since.empty()) each["valid_from"] = entry.since;
    if (!entry.until.empty()) each["valid_until"] = entry.until;
    if (entry.objected) each["objected"] = true;
    entries.push_back(std::move(each));
  }
  for (const auto& event : state.events) {
    json each = json::object();
    for (const auto& [name, value] : event) each[name] = value;
    events.push_back(std::move(each));
  }
  const json out{{"subject_kind", options.kind},
                 {"subject", options.subject},
                 {"restricted", state.restricted},
                 {"purposes", std::move(entries)},
                 {"events", std::move(events)}};
  fmt::print("{}\n", out.dump(2, ' ', false, json::error_handler_t::replace));
}

int show(const ConsentOptions& options) {
  auto store = open_store(options);
  if (!store) return could_not_run;
  consent::SubjectState state;
  const Outcome outcome = store->show(options.kind, options.subject, state);
  if (!outcome.error.empty()) return failed(outcome);
  if (options.json) {
    print_json(options, state);
    return fine;
  }
  fmt::print("{} {}{}\n", options.kind, options.subject, state.restricted ? ": under restriction" : "");
  for (const auto& entry : state.entries) {
    fmt::print("  {}{}{}: {}", entry.purpose, entry.category.empty() ? "" : " ", entry.category,
               entry.consent.empty() ? "objected" : entry.consent);
    if (!entry.since.empty()) fmt::print(" from {}", entry.since);
    if (!entry.until.empty()) fmt::print(" until {}", entry.until);
    fmt::print("\n");
  }
  for (const auto& event : state.events) {
    std::string line;
    for (const auto& [name, value] : event) {
      if (name != "subject_kind" && name != "subject" && name != "record_id")
        line += fmt::format(" {}={}", name, value);
    }
    fmt::print(" {}\n", line);
  }
  return fine;
}

int import(ConsentOptions& options) {
  options.import.read.format = *consent::format_of(options.format);
  std::error_code unreadable;
  if (!std::filesystem::is_regular_file(options.import.file, unreadable))
    return failed({options.import.file.string() + ": not a regular file (it is read twice)", false});
  if (options.import.rejects.empty()) options.import.rejects = options.import.file.string() + ".rejected.csv";
  auto store = open_store(options, &options.import.read);
  if (!store) return could_not_run;
  consent::ImportReport report;
  const Outcome outcome = store->import(options.import, report);
  fmt::print("{} accepted, {} rejected", report.accepted, report.rejected);
  if (report.skipped > 0) fmt::print(", {} done by an earlier run", report.skipped);
  fmt::print("\n");
  if (!outcome.error.empty()) return failed(outcome);
  if (report.rejected == 0) return fine;
  fmt::print("rejected lines and reasons: {}\n", options.import.rejects.string());
  return found_problems;
}

int export_events(ConsentOptions& options) {
  consent::ReaderOptions& format = options.import.read;
  format.format = *consent::format_of(options.format);
  auto store = open_store(options, &format);
  if (!store) return could_not_run;
  if (options.output.empty()) {
    const Outcome outcome = store->export_events(options.kind, format, std::cout);
    return outcome.error.empty() ? fine : failed(outcome);
  }
  std::ofstream out(options.output);
  if (!out) return failed({"can't write " + options.output.string(), false});
  const Outcome outcome = store->export_events(options.kind, format, out);
  return outcome.error.empty() ? fine : failed(outcome);
}

CLI::App* add_command(CLI::App& consent, const OptionsPtr& options, const char* name, const char* about) {
  CLI::App* command = consent.add_subcommand(name, about);
  command->add_option("--config", options->config, "The configuration, pgconsent.yaml")
      ->required()
      ->type_name("FILE");
  command->add_option("--database", options->database, "Instead of control.dbname")->type_name("NAME");
  return command;
}

void add_event(CLI::App& consent, const OptionsPtr& options, std::function<int()>& run, const char* type,
               const char* about) {
  CLI::App* command = add_command(consent, options, type, about);
  const std::string_view name = type;
  auto option = [&](const char* flag, const char* field, const char* help, const char* of = "TEXT") {
    return command->add_option(flag, options->fields[field], help)->type_name(of);
  };
  option("kind", "subject_kind", "The kind of subject", "KIND")->required();
  option("subject", "subject", "The subject's key", "KEY")->required();
  if (name != "restrict") {
    CLI::Option* purpose = option(
        "purpose", "purpose",
        name == "lift" ? "Whose objection ends; without it the restriction ends" : "The purpose", "PURPOSE");
    if (name != "lift") purpose->required();
  }
  if (name == "give" || name == "refuse" || name == "withdraw")
    option("--category", "category", "One category instead of all of the purpose", "NAME");
  if (name == "give") {
    option("--valid-from", "valid_from", "When it begins, instead of now", "TIME");
    option("--valid-until", "valid_until", "When it ends by itself", "TIME");
  }
  option("--at", "occurred_at", "When it happened, instead of now", "TIME");
  option("--method", "method", "How it was expressed: web form, telephone, …");
  option("--evidence", "evidence", "Where the proof is kept");
  option("--actor", "actor", "Who recorded it, instead of the control role");
  option("--notice", "notice", "The privacy notice that was shown");
  option("--notice-version", "notice_version", "Its version");
  option("--lawful-basis", "lawful_basis", "For the record", "BASIS");
  option("--controller", "controller", "Who is responsible");
  option("--recipients", "recipients", "Who receives the data, separated by |");
  option("--jurisdiction", "jurisdiction", "The regime: gdpr, lgpd, ccpa, …");
  command->footer("Times are like 2026-01-31T12:00:00Z; a date is its midnight in UTC.");
  command->callback([options, &run, type] { run = [options, type] { return record(*options, type); }; });
}

}  // namespace

void add_consent_commands(CLI::App& app, std::function<int()>& run) {
  auto options = std::make_shared<ConsentOptions>();
  CLI::App* consent = app.add_subcommand("consent", "Record and look up consent in the built-in store");
  consent->require_subcommand(1);
  add_event(*consent, options, run, "give", "Record that consent was given");
  add_event(*consent, options, run, "refuse", "Record that consent was asked for and not given");
  add_event(*consent, options, run, "withdraw", "Record that consent was withdrawn");
  add_event(*consent, options, run, "object", "Record an objection to a purpose (Art. 21)");
  add_event(*consent, options, run, "restrict", "Record a restriction of all processing (Art. 18)");
  add_event(*consent, options, run, "lift", "End an objection or the restriction");

  CLI::App* shown =
      add_command(*consent, options, "show", "What holds for one subject, and what was recorded");
  shown->add_option("kind", options->kind, "The kind of subject")->required()->type_name("KIND");
  shown->add_option("subject", options->subject, "The subject's key")->required()->type_name("KEY");
  shown->add_flag("--json", options->json, "Print one JSON object");
  shown->callback([options, &run] { run = [options] { return show(*options); }; });

  CLI::App* read = add_command(*consent, options, "import", "Record the events of a file");
  read->add_option("file", options->import.file, "The file")->required()->type_name("FILE");
  read->add_option(
          "--format", options->format,
          "csv (a header names the fields), jsonl (an object a line), jsonld (records of ISO/IEC TS 27560 in "
          "the Data Privacy Vocabulary) or tcf (csv with the fields subject and tc_string)")
      ->required()
      ->check(CLI::IsMember({"csv", "jsonl", "jsonld", "tcf"}));
  read->add_option("--tcf-vendor", options->import.read.tcf_vendor,
                   "The IAB's number of the vendor whose consent counts, instead of that of purposes alone")
      ->check(CLI::Range(1, 65535));
  read->add_option("--kind", options->import.kind, "The kind of subject where a record names none")
      ->type_name("KIND");
  read->add_flag("--again", options->import.again, "Record a file that was imported before once more");
  read->add_option("--rejects", options->import.rejects,
                   "Where rejected lines go, instead of FILE.rejected.csv")
      ->type_name("FILE");
  read->add_option("--batch", options->import.batch, "Records of one transaction")
      ->check(CLI::Range(1, 100000));
  read->footer(
      "Fields: event_type (give), subject_kind, subject, purpose, category, occurred_at, valid_from, "
      "valid_until,\n"
      "lawful_basis, controller, recipients, notice, notice_version, jurisdiction, actor, method, evidence.\n"
      "The same file again goes on where it was interrupted; one that was finished is refused but for "
      "--again. A "
      "record of\n"
      "several events is recorded as a whole or not at all. `tcf: [2, 3]` at a purpose of the rules says "
      "which purposes\n"
      "of the TCF it stands for, `dpv: dpv:Marketing` what it is called in other systems' records. Data "
      "subjects'\n"
      "requests (OpenDSR) are carried out by `pgconsent subject request`.");
  read->callback([options, &run] { run = [options] { return import(*options); }; });

  CLI::App* write =
      add_command(*consent, options, "export", "Write all events, in the form that import reads");
  write->add_option("kind", options->kind, "One kind of subject instead of all")->type_name("KIND");
  write->add_option("--format", options->format, "csv, jsonl or jsonld")
      ->required()
      ->check(CLI::IsMember({"csv", "jsonl", "jsonld"}));
  write->add_option("--output", options->output, "Instead of standard output")->type_name("FILE");
  write->callback([options, &run] { run = [options] { return export_events(*options); }; });
}

}  // namespace pgconsent
