#include "proxy/net/databases.h"

#include <spdlog/spdlog.h>

#include <future>

namespace pgconsent::net {

namespace {
constexpr std::chrono::seconds failure_memory{3};
constexpr std::size_t max_opening = 8;  // each costs a thread and a connection, and anybody can ask
}  // namespace

Databases::Databases(config::ConfigPtr config, RulesInForce rules)
    : config_(std::move(config)), rules_(std::move(rules)) {}

void Databases::open(const std::string& name, Handler handler) {
  std::unique_lock lock(mutex_);
  auto it = entries_.find(name);
  if (it != entries_.end()) {
    Entry& entry = it->second;
    if (entry.state == State::opening) {
      entry.waiting.push_back(std::move(handler));
      return;
    }
    std::shared_ptr<Database> database = entry.state == State::open ? entry.database : nullptr;
    std::string error = database ? database->problem() : entry.error;
    lock.unlock();
    if (!error.empty()) database = nullptr;
    return handler(std::move(database), std::move(error));
  }
  std::size_t unfinished = 0;
  for (const auto& [other, entry] : entries_) unfinished += entry.state != State::open;
  if (unfinished >= max_opening) {
    lock.unlock();
    return handler(nullptr, "too many databases are being opened");
  }
  Entry& entry = entries_[name];
  entry.database = std::make_shared<Database>(name, rules_);
  entry.waiting.push_back(std::move(handler));
  std::shared_ptr<Database> database = entry.database;
  lock.unlock();
  database->start(*config_);
  database->reload(0, [this, name](std::string error) { on_opened(name, std::move(error)); });
}

// On the thread of the database's service, which must not end the service: tidy() does that.
void Databases::on_opened(const std::string& name, std::string error) {
  std::unique_lock lock(mutex_);
  Entry& entry = entries_.at(name);
  std::shared_ptr<Database> database = entry.database;
  if (error.empty()) error = database->problem();
  entry.state = error.empty() ? State::open : State::failed;
  entry.error = error;
  entry.failed_at = std::chrono::steady_clock::now();
  std::vector<Handler> waiting = std::move(entry.waiting);
  lock.unlock();
  for (Handler& handler : waiting) handler(error.empty() ? database : nullptr, error);
}

std::vector<std::shared_ptr<Database>> Databases::open_ones() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Database>> result;
  for (const auto& [name, entry] : entries_) {
    if (entry.state == State::open) result.push_back(entry.database);
  }
  return result;
}

void Databases::tidy() {
  std::vector<std::shared_ptr<Database>> failed;  // they end without the lock
  std::lock_guard lock(mutex_);
  auto now = std::chrono::steady_clock::now();
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (it->second.state == State::failed && now - it->second.failed_at > failure_memory) {
      failed.push_back(std::move(it->second.database));
      it = entries_.erase(it);
    } else {
      ++it;
    }
  }
}

void Databases::read_catalogs(std::chrono::milliseconds most) const {
  const auto until = std::chrono::steady_clock::now() + most;
  std::vector<std::future<void>> reads;
  for (const auto& database : open_ones()) {
    auto done = std::make_shared<std::promise<void>>();
    reads.push_back(done->get_future());
    database->reload(0, [done](const std::string&) { done->set_value(); });
  }
  for (auto& read : reads) read.wait_until(until);
}

rules::Diagnostics Databases::use_rules(const RulesInForce& rules) {
  std::lock_guard lock(mutex_);
  std::vector<std::pair<Database*, BoundRules>> bound;
  rules::Diagnostics diagnostics;
  for (auto& [name, entry] : entries_) {
    if (entry.state == State::failed) continue;
    bound.emplace_back(entry.database.get(), entry.database->bind(rules));
    rules::Diagnostics& found = bound.back().second.diagnostics;
    for (rules::Diagnostic& diagnostic : found) {
      diagnostic.message += " (in database " + name + ")";
      diagnostics.push_back(std::move(diagnostic));
    }
  }
  if (rules::has_errors(diagnostics)) return diagnostics;
  for (auto& [database, what] : bound) database->use(rules, std::move(what));
  rules_ = rules;
  return diagnostics;
}

}  // namespace pgconsent::net
