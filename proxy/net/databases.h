// Opens databases when the first session asks. Thread-safe. Private to proxy/net.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "proxy/net/database.h"

namespace pgconsent::net {

class Databases {
 public:
  using Handler = std::function<void(std::shared_ptr<Database>, std::string error)>;

  Databases(config::ConfigPtr config, RulesInForce rules);

  // The handler is called once, here or on any thread: with a database whose rules are bound, or an error. A
  // failure is remembered for a moment, since clients can ask before they are authenticated.
  void open(const std::string& name, Handler handler);
  // Reads the catalogs of all open databases anew, or as many as it can in that time.
  void read_catalogs(std::chrono::milliseconds most) const;
  // Binds the rules in every open database. With errors in the diagnostics nothing has changed.
  rules::Diagnostics use_rules(const RulesInForce& rules);

  // Those that are open.
  std::vector<std::shared_ptr<Database>> open_ones() const;

  // Ends what failed a while ago. Call now and then, from any thread but a handler's.
  void tidy();

 private:
  enum class State { opening, open, failed };
  struct Entry {
    std::shared_ptr<Database> database;
    State state = State::opening;
    std::vector<Handler> waiting;
    std::string error;
    std::chrono::steady_clock::time_point failed_at{};
  };
  void on_opened(const std::string& name, std::string error);

  config::ConfigPtr config_;
  mutable std::mutex mutex_;
  RulesInForce rules_;
  std::map<std::string, Entry> entries_;
};

}  // namespace pgconsent::net
