#include "proxy/net/database.h"

#include <spdlog/spdlog.h>

#include "proxy/enforce/generation.h"
#include "proxy/enforce/planner.h"
#include "proxy/net/reload.h"

namespace pgconsent::net {

Database::Database(std::string name, RulesInForce rules) : name_(std::move(name)), rules_(std::move(rules)) {}

void Database::start(const config::Config& config) {
  catalog::Service::Hooks hooks;
  // The service belongs to this object and is stopped with it.
  hooks.on_new = [this](const parser::SnapshotPtr& snapshot) { on_snapshot(snapshot); };
  hooks.on_failure = [this](const std::string& error) {
    spdlog::error("database {}: the catalog can't be loaded: {}", name_, error);
  };
  service_ = std::make_unique<catalog::Service>(control_settings(config, name_), std::move(hooks));
}

enforce::GenerationPtr Database::current() const {
  std::lock_guard lock(mutex_);
  return generation_;
}

std::string Database::problem() const {
  std::lock_guard lock(mutex_);
  return problem_;
}

std::unique_ptr<enforce::Planner> Database::make_planner(std::size_t cache_bytes,
                                                         enforce::PlanCounters* counters) {
  // Asked at every plan: the mutex and the reference count are only touched after a change.
  struct Cache {
    std::uint64_t changes = ~std::uint64_t{0};
    enforce::GenerationPtr generation;
  };
  auto get = [self = shared_from_this(),
              cache = std::make_shared<Cache>()]() -> const enforce::GenerationPtr& {
    std::uint64_t changes = self->changes_.load(std::memory_order_acquire);
    if (changes != cache->changes) {
      cache->generation = self->current();
      cache->changes = changes;
    }
    return cache->generation;
  };
  enforce::PlannerOptions options;
  options.cache_bytes = cache_bytes;
  options.counters = counters;
  return enforce::make_planner(std::move(get), options);
}

Database::Status Database::status() const {
  Status status;
  if (service_) status.catalog = service_->status();
  std::lock_guard lock(mutex_);
  status.in_force = generation_ != nullptr;
  if (snapshot_) status.catalog_version = snapshot_->version;
  if (generation_) status.rules = generation_->policy().digest;
  return status;
}

void Database::reload(std::uint64_t newer_than, std::function<void(std::string)> done) {
  service_->request(newer_than, [done = std::move(done)](const parser::SnapshotPtr&,
                                                         const std::string& error) { done(error); });
}

BoundRules bind_rules(const RulesInForce& rules, const parser::SnapshotPtr& snapshot,
                      const enforce::GenerationPtr& before) {
  enforce::GenerationOptions options;
  options.pseudonym_key = rules.pseudonym_key;
  auto result = enforce::make_generation(snapshot, rules.rules, options, before.get());
  return {snapshot, std::move(result.generation), std::move(result.diagnostics)};
}

BoundRules Database::bind(const RulesInForce& rules) const {
  BoundRules bound;
  {
    std::lock_guard lock(mutex_);
    bound.snapshot = snapshot_;
  }
  return bound.snapshot ? bind_rules(rules, bound.snapshot) : bound;
}

// REQUIRES: mutex_
void Database::put(enforce::GenerationPtr generation) {
  problem_ = generation ? "" : "the rules do not fit the catalog";
  generation_ = std::move(generation);
  if (generation_) fitted_ = generation_;
  changes_.fetch_add(1, std::memory_order_release);
}

void Database::use(const RulesInForce& rules, BoundRules bound) {
  std::lock_guard lock(mutex_);
  rules_ = rules;
  fitted_ = nullptr;  // what these rules leave out is meant to be left out
  // Where a new catalog came in between, what was bound to the old one does not count.
  if (bound.snapshot != snapshot_) bound = bind_rules(rules, snapshot_);
  if (snapshot_) put(std::move(bound.generation));
}

// On the service's thread. When the rules do not fit, the old generation may not go on: a table may have been
// dropped and made again.
void Database::on_snapshot(parser::SnapshotPtr snapshot) {
  std::lock_guard lock(mutex_);
  bool first = snapshot_ == nullptr, had_problem = !problem_.empty();
  snapshot_ = std::move(snapshot);
  const std::size_t orphans = fitted_ ? fitted_->orphans().size() : 0;
  BoundRules bound = bind_rules(rules_, snapshot_, fitted_);
  put(std::move(bound.generation));
  if (fitted_ && fitted_->orphans().size() > orphans) {
    spdlog::warn(
        "database {}: a protected table was renamed, moved or detached, and no rule names it now: it is "
        "refused "
        "until the rules are loaded again",
        name_);
  }
  if (first || !problem_.empty()) log_diagnostics(bound.diagnostics);
  if (!problem_.empty()) {
    spdlog::error("database {}: {}: statements are refused until they do", name_, problem_);
  } else if (had_problem) {
    spdlog::info("database {}: the rules fit the catalog again", name_);
  }
}

catalog::ControlSettings control_settings(const config::Config& config, const std::string& database) {
  catalog::ControlSettings settings;
  // One port for all hosts is what ControlSettings can say: hosts on another port are left to the sessions.
  settings.port = config.servers.front().port;
  for (const config::Endpoint& server : config.servers) {
    if (server.port == settings.port)
      settings.host.append(settings.host.empty() ? "" : ",").append(server.host);
  }
  settings.dbname = database;
  settings.user = config.control.user;
  settings.password_file = config.control.password_file.string();
  settings.sslmode = to_string(config.server_tls.mode);
  settings.sslrootcert = config.server_tls.ca.string();
  if (settings.sslrootcert.empty() && config.server_tls.mode == config::ServerTls::Mode::verify_full) {
    settings.sslrootcert =
        "/etc/ssl/certs/ca-certificates.crt";  // libpq has no name for the system's own before 16
  }
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(config.limits.connect_timeout).count();
  settings.connect_timeout = static_cast<int>(std::max<std::int64_t>(2, seconds));
  return settings;
}

}  // namespace pgconsent::net
