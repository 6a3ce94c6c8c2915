// The auditors' pages as a whole: who may see them, which page an address means, what protects them.
// Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "proxy/admin/pages/database.h"
#include "proxy/admin/pages/http.h"
#include "proxy/admin/pages/limiter.h"
#include "proxy/admin/pages/pool.h"
#include "proxy/admin/pages/sessions.h"
#include "proxy/admin/pages/sources.h"

namespace pgconsent::pages {

struct Settings {
  Target target;
  SessionLimits sessions;
  unsigned threads = 4;
};

class Site {
 public:
  // Called once, on any thread; dropped without a call when the site stops.
  using Done = std::function<void(Reply)>;

  Site(Settings settings, Sources sources);
  ~Site();  // stop()

  // Never blocks.
  void handle(Request request, Done done);
  // Ends sessions whose time is over: call now and then.
  void tidy();
  // Ends all sessions and what runs for them; handle() answers 503 from then on.
  void stop();

 private:
  void sign_in(const Request& request, const Done& done);
  void open_session(const Request& request, const Done& done);
  void sign_out(const Request& request, const SessionPtr& session, const Done& done);
  void show(Request request, const SessionPtr& session, const Done& done);
  Reply make(const Request& request, const SessionPtr& session, Connection& connection);
  // Runs on the session's connection. False: too much is waiting.
  bool run(const SessionPtr& session, Session::Job job);
  void run_next(const SessionPtr& session);
  Reply sign_in_reply(const Request& request, int status, std::string_view problem);

  const Settings settings_;
  const Sources sources_;
  const std::string key_;  // of the sign-in form's tokens
  Limiter by_address_, by_user_;
  Sessions sessions_;
  std::atomic<int> signing_in_{0};
  std::atomic<bool> stopped_{false};
  Pool pool_;  // last: its threads use the rest
};

}  // namespace pgconsent::pages
