#include "proxy/net/numbers.h"

#include "proxy/net/databases.h"
#include "proxy/net/worker.h"

namespace pgconsent::net {

namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

template <typename Names>
std::vector<std::pair<std::string, std::uint64_t>> named(const Names& names) {
  std::vector<std::pair<std::string, std::uint64_t>> result;
  for (const auto name : names) result.emplace_back(name, 0);
  return result;
}

void add_times(const std::vector<std::unique_ptr<Worker>>& workers, admin::Times& times) {
  std::uint64_t sum_us = 0;
  for (std::size_t i = 0; i <= enforce::TimeCounter::bounds; ++i) {
    for (const auto& worker : workers) times.count += worker->counters().sessions.analysis.count(i);
    if (i < enforce::TimeCounter::bounds)
      times.at_most.emplace_back(static_cast<double>(enforce::TimeCounter::bound(i)) / 1e6, times.count);
  }
  for (const auto& worker : workers) sum_us += worker->counters().sessions.analysis.sum();
  times.sum = static_cast<double>(sum_us) / 1e6;
}

admin::ShipNumbers ship_numbers(const audit_database::ShipThread& shipping) {
  const audit_database::ShipThread::Statistics now = shipping.statistics();
  return {now.working, now.lines, now.failures, seconds(now.lag)};
}

admin::AuditNumbers audit_numbers(const Shared& shared) {
  const audit::Log::Statistics now = shared.log.statistics();
  admin::AuditNumbers numbers;
  numbers.writable = shared.log.healthy();
  numbers.records = now.records, numbers.lost = now.lost;
  numbers.pending_records = now.pending_records, numbers.pending_bytes = now.pending_bytes;
  numbers.lag = seconds(now.lag);
  if (shared.subjects != nullptr) numbers.subjects = shared.subjects->size();
  if (shared.shipping != nullptr) numbers.shipping = ship_numbers(*shared.shipping);
  return numbers;
}

admin::DatabaseNumbers database_numbers(const Database& database) {
  const Database::Status status = database.status();
  admin::DatabaseNumbers numbers{database.name(), status.in_force, status.catalog_version, {}, status.rules};
  if (status.catalog.verified) numbers.catalog_age = seconds(Clock::now() - *status.catalog.verified);
  return numbers;
}

}  // namespace

admin::Numbers measure(const Shared& shared, const std::vector<std::unique_ptr<Worker>>& workers) {
  admin::Numbers numbers;
  numbers.connections_accepted = shared.counters.accepted;
  numbers.connections_refused = shared.counters.refused;
  numbers.connections = shared.counters.connections;
  numbers.connections_pending = shared.counters.pending;
  numbers.statements = named(session::decisions);
  numbers.refusals = named(session::refusal_reasons);
  numbers.plans = {{"cache", 0}, {"template", 0}, {"analysis", 0}};
  for (const auto& worker : workers) {
    const WorkerCounters& counted = worker->counters();
    numbers.sessions += counted.sessions.sessions.value();
    numbers.cells_masked += counted.sessions.cells_masked.value();
    for (std::size_t i = 0; i < numbers.statements.size(); ++i)
      numbers.statements[i].second += counted.sessions.statements[i].value();
    for (std::size_t i = 0; i < numbers.refusals.size(); ++i)
      numbers.refusals[i].second += counted.sessions.refusals[i].value();
    numbers.plans[0].second += counted.plans.found.value();
    numbers.plans[1].second += counted.plans.filled.value();
    numbers.plans[2].second += counted.plans.analysed.value();
    numbers.from_client += counted.from_client.value();
    numbers.to_client += counted.to_client.value();
    numbers.from_server += counted.from_server.value();
    numbers.to_server += counted.to_server.value();
  }
  add_times(workers, numbers.analysis);
  numbers.audit = audit_numbers(shared);
  for (const auto& database : shared.databases.open_ones())
    numbers.databases.push_back(database_numbers(*database));
  return numbers;
}

std::vector<std::string> problems(const Shared& shared) {
  std::vector<std::string> result;
  if (shared.draining) result.emplace_back("draining");
  if (!shared.log.healthy()) result.emplace_back("the audit log can't be written");
  for (const auto& database : shared.databases.open_ones()) {
    const Database::Status status = database->status();
    const std::string name = "database " + database->name() + ": ";
    if (!status.in_force) result.push_back(name + "the rules do not fit the catalog");
    // The reason may name hosts and roles: it is in the log.
    if (!status.catalog.failure.empty())
      result.push_back(name + "the server does not answer the control connection");
  }
  return result;
}

}  // namespace pgconsent::net
