// `pgconsent explain`: the plan for one statement, without running it.
#include <fmt/format.h>

#include <future>
#include <nlohmann/json.hpp>

#include "proxy/cli_commands.h"
#include "proxy/cli_control.h"
#include "proxy/enforce/plan.h"
#include "proxy/net/databases.h"
#include "proxy/net/log_setup.h"
#include "proxy/net/reload.h"

namespace pgconsent {

namespace {

using json = nlohmann::ordered_json;

json to_json(const enforce::Statement& statement) {
  // A text that does not parse touches nothing, and is refused all the same.
  auto decision = statement.refusal ? enforce::Decision::refused : statement.decision;
  json out{{"decision", std::string(enforce::to_string(decision))}};
  if (statement.refusal) {
    out["error"] = {{"sqlstate", statement.refusal->sqlstate},
                    {"message", statement.refusal->message},
                    {"detail", statement.refusal->detail},
                    {"hint", statement.refusal->hint}};
    if (statement.refusal->position > 0) out["error"]["position"] = statement.refusal->position;
  }
  out["rules"] = statement.audit.rules;
  out["basis"] = statement.audit.bases;
  out["tables"] = statement.audit.tables;
  out["columns"] = statement.audit.columns;
  out["statement"] = statement.audit.statement;
  out["fingerprint"] = statement.audit.fingerprint;
  return out;
}

json to_json(const enforce::Plan& plan, const enforce::SessionState& state) {
  json statements = json::array();
  for (const enforce::Statement& statement : plan.statements) {
    statements.push_back(to_json(statement));
  }
  json out{{"role", state.login_role},
           {"purpose", plan.purpose},
           {"purpose_source", plan.purpose_source},
           {"search_path", state.search_path},
           {"statements", statements}};
  out["sent"] = plan.is_identity ? plan.original : plan.sql;
  out["changed"] = !plan.is_identity;
  return out;
}

void print_list(const char* title, const json& list) {
  for (const json& item : list) {
    fmt::print("{:<10} {}\n", &item == &list.front() ? title : "", item.get<std::string>());
  }
}

void print_text(const json& plan) {
  std::string purpose = plan["purpose"].get<std::string>();
  fmt::print("purpose:   {}\n", purpose.empty() ? "none" : purpose);
  for (const json& statement : plan["statements"]) {
    fmt::print("decision:  {}\n", statement["decision"].get<std::string>());
    if (statement.contains("error")) {
      const json& error = statement["error"];
      fmt::print("error:     {} {}\n", error["sqlstate"].get<std::string>(),
                 error["message"].get<std::string>());
      for (const char* field : {"detail", "hint"}) {
        if (!error[field].get<std::string>().empty()) {
          fmt::print("{:<10} {}\n", std::string(field) + ":", error[field].get<std::string>());
        }
      }
    }
    print_list("rules:", statement["rules"]);
    print_list("basis:", statement["basis"]);
    print_list("columns:", statement["columns"]);
  }
  fmt::print("sent:      {}\n", plan["changed"].get<bool>() ? plan["sent"].get<std::string>() : "as it is");
}

struct Opened {
  std::shared_ptr<net::Database> database;
  std::string error;
};

Opened open_database(net::Databases& databases, const std::string& name) {
  std::promise<Opened> opened;
  databases.open(name, [&](std::shared_ptr<net::Database> database, std::string error) {
    opened.set_value({std::move(database), std::move(error)});
  });
  return opened.get_future().get();
}

}  // namespace

int run_explain(const ExplainOptions& options) {
  net::set_log_level(config::LogLevel::error);
  net::SettingsResult loaded = net::load_settings(options.config);
  net::log_problems(loaded);
  if (!loaded.settings) return found_problems;
  const config::Config& config = *loaded.settings->config;
  std::string name = options.database.empty() ? config.control.dbname : options.database;
  if (!config.is_enforced(name)) return fail(could_not_run, "the rules do not apply to database " + name);

  enforce::SessionState state;
  state.login_role = state.role = options.role;
  state.purpose = options.purpose;
  state.id = 1;
  ControlQueries queries(config, name);
  if (queries.error().empty()) state.search_path = queries.search_path(options.role);
  if (!queries.error().empty()) return fail(could_not_run, queries.error());

  net::Databases databases(loaded.settings->config, loaded.rules);
  auto [database, error] = open_database(databases, name);
  if (!database) return fail(found_problems, "database " + name + ": " + error);
  auto planner = database->make_planner(config.limits.plan_cache_bytes);
  if (!options.purpose.empty()) {
    if (auto refused = planner->check_purpose(options.role, options.purpose))
      return fail(found_problems, refused->message);
  }
  auto planned = planner->plan(options.sql, state, true);
  auto* plan = std::get_if<enforce::PlanPtr>(&planned);
  if (plan == nullptr) return fail(could_not_run, "the catalog in force is too old");
  json out = to_json(**plan, state);
  if (options.json) {
    fmt::print("{}\n", out.dump(2, ' ', false, json::error_handler_t::replace));
  } else {
    print_text(out);
  }
  return fine;
}

}  // namespace pgconsent
