// `pgconsent subject request`: a data subject's request as a file, an answer as a file.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <fstream>
#include <pqxx/pqxx>
#include <sstream>

#include "proxy/cli_commands.h"
#include "proxy/cli_openness.h"
#include "proxy/config/config.h"
#include "proxy/consent/formats/dsr_request.h"
#include "proxy/consent/store/client.h"
#include "proxy/enforce/consent_sql.h"

namespace pgconsent {

namespace {

using consent::DsrRequest;
using consent::DsrStatus;

struct RequestOptions : OpennessOptions {
  std::string file, kind, controller, results;
  std::vector<std::string> identities;  // email=email: type and column
};

std::string read_file(const std::string& path, bool& read) {
  constexpr std::size_t longest = 1 << 20;
  std::ifstream in(path, std::ios::binary);
  std::string text(longest + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  read = in.eof() && !in.bad();  // false for a longer file, too
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::string moment(std::time_t at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(at));
}

// Finds the one subject that all identities name. What went wrong: no identity is in the message.
class Identities {
 public:
  Identities(const OpennessInput& input, const RequestOptions& options, pqxx::dbtransaction& work)
      : input_(input), options_(options), work_(work) {}

  std::string resolve(const DsrRequest& request, std::string& key) {
    const auto& subjects = input_.generation->policy().subjects;
    const auto kind = subjects.find(options_.kind);
    if (kind == subjects.end()) return "unknown subject kind \"" + options_.kind + "\"";
    for (std::size_t i = 0; i < request.identities.size(); ++i) {
      std::string found;
      std::string problem = resolve(kind->second, request.identities[i], found);
      if (problem.empty() && i > 0 && found != key) problem = "names another subject than those before it";
      if (!problem.empty())
        return fmt::format("identity {} ({}): {}", i + 1, request.identities[i].type, problem);
      key = found;
    }
    return {};
  }

 private:
  std::string resolve(const rules::SubjectKind& kind, const DsrRequest::Identity& identity,
                      std::string& key) {
    const parser::Relation& relation = *input_.generation->catalog().relation(kind.relation);
    std::string column;
    for (const std::string& each : options_.identities) {
      const std::size_t equals = each.find('=');
      if (each.substr(0, equals) == identity.type && equals != each.npos) column = each.substr(equals + 1);
    }
    if (identity.type == "controller_customer_id" && column.empty()) {
      if (identity.format != "raw") return "must be raw";
      key = identity.value;
      return {};
    }
    if (column.empty())
      return "is of no type that is known here: give --identity " + identity.type + "=COLUMN";
    const parser::Column* found = relation.column(column);
    if (found == nullptr) return "table " + relation.name + " has no column " + column;
    const std::string text =
        "CAST(" + enforce::column_sql(relation, found->attnum, "s") + " AS pg_catalog.text)";
    std::string value = work_.quote(identity.value), compared = text;
    if (identity.format == "sha1") return "sha1 is not supported: PostgreSQL has it not built in";
    if (identity.format == "md5") compared = "pg_catalog.md5(" + text + ")";
    if (identity.format == "sha256")
      compared = "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(" + text + ", 'UTF8')), 'hex')";
    if (identity.format != "raw") value = "pg_catalog.lower(" + value + ")";
    const pqxx::result rows =
        work_.exec("SELECT DISTINCT CAST(" + enforce::column_sql(relation, kind.key, "s") +
                   " AS pg_catalog.text) FROM " + enforce::relation_sql(relation) + " s WHERE " + compared +
                   " OPERATOR(pg_catalog.=) " + value + " LIMIT 2");
    if (rows.empty()) return "names nobody";
    if (rows.size() > 1) return "names several subjects";
    key = rows[0][0].c_str();
    return {};
  }

  const OpennessInput& input_;
  const RequestOptions& options_;
  pqxx::dbtransaction& work_;
};

// The key that the request is about; empty: why not was told, with this status.
std::string find_subject(const OpennessInput& input, const RequestOptions& options, const DsrRequest& request,
                         int& status) {
  auto [text, error] = config::control_connection(*input.config, input.database);
  std::string key, problem;
  status = could_not_run;
  if (!error.empty()) return fail(status, error), std::string();
  try {
    pqxx::connection connection(text);
    pqxx::nontransaction(connection)
        .exec("SET search_path = ''; SET TimeZone = 'UTC'; SET row_security = off");
    pqxx::read_transaction work(connection);
    if (work.exec("SELECT " + work.quote(request.submitted) +
                  "::timestamptz <= now() + interval '5 minutes'")[0][0]
            .as<bool>()) {
      problem = Identities(input, options, work).resolve(request, key);
    } else {
      problem = "`submitted_time` lies in the future";
    }
  } catch (const std::exception& e) {
    std::string why = e.what();  // its first line alone: what follows may quote the statement
    return fail(status, "database " + input.database + ": " + why.substr(0, why.find('\n'))), std::string();
  }
  if (problem.empty()) return key;
  status = found_problems;
  return fail(status, options.file + ": " + problem), std::string();
}

int erase(const OpennessInput& input, const RequestOptions& options, const DsrRequest& request,
          const std::string& key, DsrStatus& status) {
  MadeReport before = make_subject_report(input, options.kind, key, false);
  if (before.status != fine) return before.status;
  // The record of one whose own row is gone still decides about other rows.
  if (before.report.has_row || !before.report.records.empty() || !before.report.history.empty()) {
    auto [text, error] = config::control_connection(*input.config, input.database);
    if (!error.empty()) return fail(could_not_run, error);
    consent::ErasureResult result;
    const consent::Outcome outcome = consent::StoreClient(text).erase(
        {options.kind, key, "OpenDSR", "subject_request_id " + request.id}, result);
    if (!outcome.error.empty())
      return fail(outcome.could_run ? found_problems : could_not_run, outcome.error);
    status.withdrawn = std::move(result.withdrawn);
    status.restricted = true;
  }
  for (const openness::HeldTable& table : before.report.tables)
    status.rows.emplace_back(table.rule->name, static_cast<long>(table.rows));
  status.completed = !before.report.has_row && status.rows.empty() && before.report.missing.empty();
  for (const std::string& what : before.report.missing) fmt::print(stderr, "pgconsent: not read: {}\n", what);
  return fine;
}

int answer(const OpennessInput& input, const RequestOptions& options, const std::string& key,
           DsrStatus& status) {
  if (options.results.empty()) return fail(could_not_run, "give --results FILE: where the answer goes");
  MadeReport made = make_subject_report(input, options.kind, key, true);
  if (made.status != fine) return made.status;
  add_usage(made.report, input.config);
  if (const int written = write_openness(openness::to_json(made.report), options.results, true);
      written != fine)
    return written;
  for (const openness::HeldTable& table : made.report.tables)
    status.rows.emplace_back(table.rule->name, static_cast<long>(table.rows));
  status.results = options.results;
  status.completed = made.report.missing.empty();
  for (const std::string& what : made.report.missing) fmt::print(stderr, "pgconsent: not read: {}\n", what);
  return fine;
}

int run_request(const RequestOptions& options) {
  bool read = false;
  const std::string text = read_file(options.file, read);
  if (!read) return fail(could_not_run, "can't read " + options.file + ", or it is longer than 1 MB");
  DsrRequest request;
  if (const std::string problem = consent::parse_dsr_request(text, request); !problem.empty())
    return fail(found_problems, options.file + ": " + problem);
  const OpennessInput input = load_openness(options);
  if (!input.generation) return input.status;
  int result = fine;
  const std::string key = find_subject(input, options, request, result);
  if (key.empty()) return result;
  DsrStatus status;
  const std::time_t now = std::time(nullptr);
  constexpr std::time_t month = 30L * 24 * 3600;  // Art. 12(3) GDPR
  status.received = moment(now);
  status.controller = options.controller.empty() ? input.database : options.controller;
  result = request.type == DsrRequest::Type::erasure ? erase(input, options, request, key, status)
                                                     : answer(input, options, key, status);
  if (result != fine) return result;
  status.expected = moment(status.completed ? now : now + month);
  return write_openness(consent::write_dsr_status(request, status), options.output, true);
}

}  // namespace

void add_request_command(CLI::App& subject, std::function<int()>& run) {
  auto options = std::make_shared<RequestOptions>();
  CLI::App* request = subject.add_subcommand("request", "Carry out a data subject's request (OpenDSR, JSON)");
  request->add_option("file", options->file, "The request")->required()->type_name("FILE");
  request->add_option("--config", options->config, "The configuration, pgconsent.yaml")
      ->required()
      ->type_name("FILE");
  request->add_option("--database", options->database, "Instead of control.dbname")->type_name("NAME");
  request->add_option("--kind", options->kind, "The kind of subject")->required()->type_name("KIND");
  request->add_option("--identity", options->identities,
                      "TYPE=COLUMN: in which column of the kind's table identities of a type stand; a "
                      "controller_customer_id is the subject's key unless said otherwise");
  request->add_option("--controller", options->controller, "The controller_id of the answer")
      ->type_name("ID");
  request->add_option("--results", options->results, "Where the data go, for access and portability: JSON")
      ->type_name("FILE");
  request->add_option("--output", options->output, "Where the status goes, instead of standard output")
      ->type_name("FILE");
  request->footer(
      "access, portability: the subject report with its values goes to --results, the status says "
      "`completed`.\n"
      "erasure: all consent is withdrawn and processing restricted; the rows are erased by the application "
      "that keeps\n"
      "them. The status is `pending` and lists what is left; run again after that it is `completed`. The "
      "status is\n"
      "OpenDSR's status object; transport and signature are the gateway's.");
  request->callback([options, &run] { run = [options] { return run_request(*options); }; });
}

}  // namespace pgconsent
