// The enforced databases: each with its catalog service and the rules bound to its catalog. Thread-safe.
// Private to proxy/net.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "proxy/catalog/service.h"
#include "proxy/config/config.h"
#include "proxy/enforce/plan.h"
#include "rules/rule_set.h"

namespace pgconsent::enforce {
struct PlanCounters;
class Generation;  // its header brings PostgreSQL's own with it
using GenerationPtr = std::shared_ptr<const Generation>;
}  // namespace pgconsent::enforce

namespace pgconsent::net {

// What makes generations, together with a catalog.
struct RulesInForce {
  rules::RuleSetPtr rules;
  std::string pseudonym_key;  // secret; empty: none
};

struct BoundRules {
  parser::SnapshotPtr snapshot;       // null while the first is being loaded
  enforce::GenerationPtr generation;  // null when the rules do not fit
  rules::Diagnostics diagnostics;
};
BoundRules bind_rules(const RulesInForce& rules, const parser::SnapshotPtr& snapshot,
                      const enforce::GenerationPtr& before = nullptr);

class Database : public std::enable_shared_from_this<Database> {
 public:
  Database(std::string name, RulesInForce rules);
  // Starts the catalog service.
  void start(const config::Config& config);

  const std::string& name() const { return name_; }
  // For one worker. It asks for the generation in force at each plan; without one it refuses.
  std::unique_ptr<enforce::Planner> make_planner(std::size_t cache_bytes,
                                                 enforce::PlanCounters* counters = nullptr);
  // Loads a snapshot newer than the given one; `done` is called on any thread, also when that failed.
  void reload(std::uint64_t newer_than, std::function<void(std::string error)> done);

  // SIGHUP in two steps: bind() changes nothing.
  BoundRules bind(const RulesInForce& rules) const;
  void use(const RulesInForce& rules, BoundRules bound);
  // Why there is no generation; empty when there is one.
  std::string problem() const;
  struct Status {
    bool in_force = false;  // there is a generation
    std::uint64_t catalog_version = 0;
    std::string rules;  // digest
    catalog::Service::Status catalog;
  };
  Status status() const;
  // What is in force; null where there is none.
  enforce::GenerationPtr current() const;

 private:
  void on_snapshot(parser::SnapshotPtr snapshot);
  void put(enforce::GenerationPtr generation);

  std::string name_;
  mutable std::mutex mutex_;
  RulesInForce rules_;
  parser::SnapshotPtr snapshot_;
  enforce::GenerationPtr generation_;  // null: the rules do not fit the catalog, everything is refused
  enforce::GenerationPtr fitted_;      // the last one of these rules that was not null
  std::string problem_;
  std::atomic<std::uint64_t> changes_{
      0};  // of generation_, so that planners need no lock to see that it is the same
  std::unique_ptr<catalog::Service> service_;  // last: its thread ends before the rest goes
};

// How the proxy itself connects to a database.
catalog::ControlSettings control_settings(const config::Config& config, const std::string& database);

}  // namespace pgconsent::net
