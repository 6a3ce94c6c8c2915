#include "proxy/net/pages.h"

#include <spdlog/spdlog.h>

#include "proxy/admin/pages/site.h"
#include "proxy/audit/verify.h"
#include "proxy/audit_database/ship_thread.h"
#include "proxy/audit_database/subject_names.h"
#include "proxy/enforce/plan.h"
#include "proxy/net/databases.h"

namespace pgconsent::net {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t judge_cache_bytes = std::size_t{1} << 20;

std::shared_ptr<Database> open_database(const Shared& shared, std::string_view name) {
  for (auto& database : shared.databases.open_ones()) {
    if (database->name() == name) return database;
  }
  return nullptr;
}

// As a new session of the role has it, unless its settings say otherwise.
std::vector<std::string> usual_search_path(const enforce::GenerationPtr& generation,
                                           const std::string& role) {
  std::vector<std::string> path{"pg_catalog"};
  for (const auto& [oid, relation] : generation->catalog().relations) {
    if (relation.schema != role) continue;
    path.push_back(role);
    break;
  }
  path.emplace_back("public");
  return path;
}

pages::Judgement judged(const enforce::Plan& plan) {
  pages::Judgement out;
  out.known = true;
  out.purpose = plan.purpose;
  out.decision = "allowed";
  if (plan.statements.empty()) return out;
  const enforce::Statement& statement = plan.statements.front();
  const bool refused = statement.refusal.has_value();
  out.decision = refused ? "refused" : std::string(enforce::to_string(statement.decision));
  if (statement.decision == enforce::Decision::untouched && !refused) out.decision = "allowed";
  if (!refused) return out;
  out.message = statement.refusal->message;
  out.detail = statement.refusal->detail;
  out.hint = statement.refusal->hint;
  out.position = statement.refusal->position;
  return out;
}

pages::Judgement unknown(std::string why) {
  pages::Judgement out;
  out.message = std::move(why);
  return out;
}

// A planner of its own, that nothing is counted by.
pages::Judgement judge(const Shared& shared, const pages::JudgeRequest& request) {
  const auto database = open_database(shared, request.database);
  if (!database) return unknown("its database is not in use now.");
  const enforce::GenerationPtr generation = database->current();
  if (!generation) return unknown("the rules do not fit its database now.");
  if (request.statement.ends_with("…")) return unknown("only its beginning was recorded.");
  auto planner = database->make_planner(judge_cache_bytes);
  enforce::SessionState state;
  state.login_role = state.role = request.role;
  state.search_path = usual_search_path(generation, request.role);
  state.id = 1;
  if (!request.purpose.empty()) {
    state.purpose = request.purpose;
    if (const auto refusal = planner->check_purpose(request.role, request.purpose)) {
      pages::Judgement out;
      out.known = true;
      out.decision = "refused";
      out.purpose = request.purpose;
      out.message = refusal->message;
      out.detail = refusal->detail;
      out.hint = refusal->hint;
      return out;
    }
  }
  const auto planned = planner->plan(request.statement, state, true);
  const auto* plan = std::get_if<enforce::PlanPtr>(&planned);
  if (plan == nullptr) return unknown("the catalog in force is too old.");
  const auto& statements = (*plan)->statements;
  if (!statements.empty() && statements.front().refusal &&
      statements.front().refusal->sqlstate == parser::sqlstate::syntax_error)
    return unknown("it can't be read without its constants, which are not recorded.");
  return judged(**plan);
}

// Of the whole log as it lies there, with the checkpoints kept elsewhere.
pages::Verification verify_log(const config::Config& config) {
  const auto start = Clock::now();
  audit::VerifyOptions options{config.audit_directory, {}, config.audit.signing_key};
  if (!config.audit.checkpoint_directory.empty())
    options.checkpoint_directories.push_back(config.audit.checkpoint_directory);
  audit::VerifyResult found = audit::verify(options);
  pages::Verification out;
  out.ran = found.error.empty();
  out.segments = found.segments;
  out.lines = found.lines;
  out.head = std::move(found.last_hash);
  out.checkpoints = found.checkpoints;
  out.signed_checkpoints = found.signed_checkpoints;
  out.last_checkpoint = found.last_checkpoint;
  out.notes = std::move(found.notes);
  if (!out.ran) out.problems.push_back(std::move(found.error));
  for (const audit::Finding& finding : found.findings) {
    const std::string line = finding.line == 0 ? "" : ", line " + std::to_string(finding.line);
    const std::string id = finding.id == 0 ? "" : ", id " + std::to_string(finding.id);
    out.problems.push_back(finding.file + line + id + ": " + finding.what);
  }
  out.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return out;
}

pages::Sources sources_of(const config::Config& config, Shared& shared) {
  pages::Sources sources;
  sources.rules = [&shared] {
    std::vector<pages::DatabaseRules> out;
    for (const auto& database : shared.databases.open_ones())
      out.push_back({database->name(), database->current()});
    return out;
  };
  sources.judge = [&shared](const pages::JudgeRequest& request) { return judge(shared, request); };
  sources.log = [&shared, directory = config.audit_directory.string()] {
    const audit::Log::Statistics now = shared.log.statistics();
    using Seconds = std::chrono::duration<double>;
    pages::LogState state;
    state.writable = shared.log.healthy();
    state.records = now.records;
    state.lost = now.lost;
    state.pending = now.pending_records;
    state.lag = Seconds(now.lag).count();
    state.directory = directory;
    if (shared.shipping != nullptr) {
      const auto shipping = shared.shipping->statistics();
      state.shipping_works = shipping.working;
      state.shipping_lag = Seconds(shipping.lag).count();
    }
    return state;
  };
  sources.verify = [config] { return verify_log(config); };
  sources.subject_number = [directory = config.audit_directory](const std::string& kind,
                                                                const std::string& key) {
    audit_database::SubjectNames names;
    pages::SubjectNumber out;
    if (const std::string error = names.load(directory); !error.empty()) {
      spdlog::warn("admin pages: {}", error);
      out.problem = "The subject directory can't be read. The proxy's log says why.";
    } else {
      out.numbers = names.numbers(kind, key);
    }
    return out;
  };
  return sources;
}

}  // namespace

std::shared_ptr<pages::Site> make_pages(const config::Config& config, Shared& shared) {
  if (!config.admin_pages) return nullptr;
  using std::chrono::duration_cast, std::chrono::seconds;
  const config::AuditShip& ship = *config.audit_ship;
  pages::Settings settings;
  settings.target = {ship.server.host, ship.server.port, ship.dbname, std::string(to_string(ship.tls.mode)),
                     ship.tls.ca.string()};
  settings.sessions.idle = duration_cast<seconds>(config.admin_pages->idle_timeout);
  settings.sessions.at_most = duration_cast<seconds>(config.admin_pages->session_timeout);
  return std::make_shared<pages::Site>(std::move(settings), sources_of(config, shared));
}

}  // namespace pgconsent::net
