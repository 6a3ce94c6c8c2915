// `pgconsent check`: configuration, rules against the live catalog, coverage, privileges of the application
// roles.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "proxy/catalog/control_connection.h"
#include "proxy/cli_check_tables.h"
#include "proxy/cli_commands.h"
#include "proxy/cli_control.h"
#include "proxy/cli_init.h"
#include "proxy/enforce/generation.h"
#include "proxy/net/database.h"
#include "proxy/net/reload.h"
#include "rules/names.h"

namespace pgconsent {

namespace {

using json = nlohmann::ordered_json;
using rules::Diagnostic;

struct Report {
  rules::Diagnostics diagnostics;
  json databases = json::array();
  bool could_run = true;

  void error(const std::string& where, const std::string& message) {
    diagnostics.push_back({Diagnostic::Severity::error, {where, 0, 0}, message, ""});
  }
  void warning(const std::string& where, const std::string& message, const std::string& hint) {
    diagnostics.push_back({Diagnostic::Severity::warning, {where, 0, 0}, message, hint});
  }
};

std::string_view to_string(rules::WithoutBasis what) {
  switch (what) {
    case rules::WithoutBasis::mask:
      return "mask";
    case rules::WithoutBasis::refuse:
      return "refuse";
    case rules::WithoutBasis::hide_row:
      return "hide_row";
  }
  return "mask";
}

// Per protected relation: the columns by rule, those that no rule names, and where its rules come from.
json coverage(const rules::Policy& policy) {
  std::map<std::string, const rules::ProtectedRelation*> by_name;
  for (const auto& [oid, relation] : policy.relations) by_name.emplace(relation.name, &relation);
  json tables = json::array();
  for (const auto& [name, relation] : by_name) {
    json columns = json::array(), unnamed = json::array();
    for (const rules::ProtectedColumn& column : relation->columns) {
      if (!column.is_public && column.category.empty()) {
        unnamed.push_back(column.name);
      } else if (column.is_public) {
        columns.push_back({{"name", column.name}, {"public", true}});
      } else {
        columns.push_back({{"name", column.name},
                           {"category", column.category},
                           {"without_basis", to_string(column.without_basis)},
                           {"rule", column.rule}});
      }
    }
    json table{{"name", name}, {"columns", std::move(columns)}, {"columns_without_rule", std::move(unnamed)}};
    if (const rules::ProtectedRelation* declared = policy.relation(relation->declared);
        declared != nullptr && declared != relation) {
      table["rules_of"] = declared->name;
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

// Conditions fit their columns' types: the server knows.
void check_conditions(const enforce::RuleConditions& conditions, ControlQueries& queries, Report& report) {
  for (const auto& probe : conditions.probes()) {
    const ControlQueries::Problem problem = queries.problem(probe.sql);
    if (!queries.error().empty()) return;
    if (problem.message.empty()) continue;
    if (problem.of_rights) {  // it is the applications that will ask
      report.diagnostics.push_back({Diagnostic::Severity::warning, probe.where,
                                    "the condition was not tried: " + problem.message,
                                    "grant the control connection's role what the applications' roles have"});
      continue;
    }
    report.diagnostics.push_back(
        {Diagnostic::Severity::error, probe.where, "the condition can't be asked: " + problem.message, {}});
  }
}

// What the guard reads besides the protected tables themselves.
std::map<parser::Oid, std::string_view> read_by_guard(const rules::Policy& policy,
                                                      const enforce::RuleConditions& conditions) {
  std::map<parser::Oid, std::string_view> out;
  for (parser::Oid oid : policy.consent_relations) out.emplace(oid, "holds consent");
  for (const auto& [name, kind] : policy.subjects) {
    if (kind.consent && kind.consent->kind == rules::ConsentSource::Kind::column)
      out.emplace(kind.relation, "holds consent");
    if (kind.regime) out.emplace(kind.relation, "tells the subjects' regimes");
  }
  for (parser::Oid oid : conditions.relations()) out.emplace(oid, "is read by a condition of the rules");
  return out;
}

// The guard reads consent with the application's own privileges.
void check_privileges(const rules::Policy& policy, const enforce::RuleConditions& conditions,
                      const parser::Snapshot& catalog, const std::string& database, ControlQueries& queries,
                      Report& report) {
  const auto relations = read_by_guard(policy, conditions);
  for (const auto& [name, application] : policy.applications) {
    if (application.exempt || !catalog.roles.contains(name)) continue;
    for (const auto& [oid, why] : relations) {
      if (queries.may_read(name, oid)) continue;
      const parser::Relation* relation = catalog.relation(oid);
      std::string table = relation == nullptr ? std::to_string(oid) : relation->schema + "." + relation->name;
      if (!queries.error().empty()) return report.error("database " + database, queries.error());
      report.warning(
          "database " + database,
          fmt::format("role `{}` may not read `{}`, which {}: its statements on protected "
                      "tables will fail",
                      name, table, why),
          fmt::format("GRANT SELECT ON {} TO {}",
                      relation == nullptr ? table : rules::display_name(relation->schema, relation->name),
                      rules::display_identifier(name)));
    }
  }
}

// Consent that another server sends is no newer than the last that came.
void check_replication(const rules::Policy& policy, const enforce::RuleConditions& conditions,
                       const std::string& database, ControlQueries& queries, Report& report) {
  std::vector<parser::Oid> relations(policy.store_relations.begin(), policy.store_relations.end());
  for (const auto& [oid, why] : read_by_guard(policy, conditions)) relations.push_back(oid);
  for (const std::string& name : queries.stopped_subscriptions(relations))
    report.warning(
        "database " + database,
        fmt::format("subscription `{}` brings consent and does not run: withdrawals do not arrive", name),
        fmt::format("ALTER SUBSCRIPTION {} ENABLE, or see the server's log", name));
  if (!queries.error().empty()) report.error("database " + database, queries.error());
}

void check_database(const net::SettingsResult& loaded, const std::string& database, Report& report) {
  const config::Config& config = *loaded.settings->config;
  auto connection = catalog::make_control_connection(net::control_settings(config, database));
  auto result = connection->load_if_changed({}, 1);
  const parser::SnapshotPtr& snapshot = result.snapshot;
  if (!snapshot) {
    report.could_run = false;
    return report.error("database " + database,
                        result.error.empty() ? "the catalog can't be loaded" : result.error);
  }
  net::BoundRules bound = net::bind_rules(loaded.rules, snapshot);
  report.diagnostics.insert(report.diagnostics.end(), bound.diagnostics.begin(), bound.diagnostics.end());
  json entry{{"name", database}};
  rules::BindResult policy = rules::bind_rules(*loaded.rules.rules, *snapshot);
  if (policy.policy) {
    entry["tables"] = coverage(*policy.policy);
    ControlQueries queries(config, database);
    if (queries.error().empty() && bound.generation != nullptr) {
      check_conditions(bound.generation->conditions(), queries, report);
      check_privileges(*policy.policy, bound.generation->conditions(), *snapshot, database, queries, report);
      check_row_code(*bound.generation, "database " + database, report.diagnostics);
      check_search_paths(*bound.generation, "database " + database, report.diagnostics);
      check_speed(*bound.generation, "database " + database, report.diagnostics);
      check_indexes(*bound.generation, queries, "database " + database, report.diagnostics);
      check_partition_keys(*bound.generation, queries, "database " + database, report.diagnostics);
      check_replication(*policy.policy, bound.generation->conditions(), database, queries, report);
      check_store(loaded, database, *snapshot, report.diagnostics);
    } else if (!queries.error().empty()) {
      report.could_run = false;
      report.error("database " + database, queries.error());
    }
  }
  report.databases.push_back(std::move(entry));
}

json to_json(const Diagnostic& diagnostic) {
  bool error = diagnostic.severity == Diagnostic::Severity::error;
  json out{{"severity", error ? "error" : "warning"}, {"file", diagnostic.where.file}};
  if (diagnostic.where.line > 0) out["line"] = diagnostic.where.line;
  if (diagnostic.where.column > 0) out["column"] = diagnostic.where.column;
  out["message"] = diagnostic.message;
  if (!diagnostic.hint.empty()) out["hint"] = diagnostic.hint;
  return out;
}

void print_json(const Report& report) {
  json diagnostics = json::array();
  for (const Diagnostic& diagnostic : report.diagnostics) diagnostics.push_back(to_json(diagnostic));
  json out{{"ok", !rules::has_errors(report.diagnostics)},
           {"diagnostics", std::move(diagnostics)},
           {"databases", report.databases}};
  fmt::print("{}\n", out.dump(2, ' ', false, json::error_handler_t::replace));
}

std::string names(const json& list) {
  std::string out;
  for (const json& item : list) out += (out.empty() ? "" : ", ") + item.get<std::string>();
  return out;
}

void print_coverage(const json& database) {
  fmt::print("database {}\n", database["name"].get<std::string>());
  if (!database.contains("tables")) return;
  for (const json& table : database["tables"]) {
    std::size_t ruled = 0, open = 0;
    for (const json& column : table["columns"]) ++(column.contains("public") ? open : ruled);
    std::string from =
        table.contains("rules_of") ? " (rules of " + table["rules_of"].get<std::string>() + ")" : "";
    fmt::print("  {}{}: {} columns protected, {} public", table["name"].get<std::string>(), from, ruled,
               open);
    const json& unnamed = table["columns_without_rule"];
    if (!unnamed.empty())
      fmt::print(", {} masked since no rule names them: {}", unnamed.size(), names(unnamed));
    fmt::print("\n");
  }
}

void print_text(const Report& report) {
  for (const Diagnostic& diagnostic : report.diagnostics)
    fmt::print(stderr, "{}\n", rules::to_string(diagnostic));
  for (const json& database : report.databases) print_coverage(database);
  std::size_t errors = 0;
  for (const Diagnostic& d : report.diagnostics) errors += d.severity == Diagnostic::Severity::error;
  fmt::print("{} errors, {} warnings\n", errors, report.diagnostics.size() - errors);
}

}  // namespace

int run_check(const CheckOptions& options) {
  Report report;
  net::SettingsResult loaded = net::load_settings(options.config);
  report.diagnostics = loaded.diagnostics;
  if (!loaded.error.empty()) report.error(options.config.string(), loaded.error);
  if (loaded.settings) {
    const config::Config& config = *loaded.settings->config;
    std::set<std::string> databases;
    for (const std::string& pattern : config.databases) {
      if (pattern.find_first_of("*?") == std::string::npos) databases.insert(pattern);
    }
    if (config.is_enforced(config.control.dbname)) databases.insert(config.control.dbname);
    for (const std::string& database : databases) check_database(loaded, database, report);
  }
  options.json ? print_json(report) : print_text(report);
  if (!report.could_run) return could_not_run;
  return rules::has_errors(report.diagnostics) ? found_problems : fine;
}

}  // namespace pgconsent
