// Who is signed in: server-side sessions, found by the digest of a random cookie. Bounded in number, in time
// without a request, and in time at all. Thread-safe.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "proxy/admin/pages/database.h"

namespace pgconsent::pages {

class Session {
 public:
  using Clock = std::chrono::steady_clock;
  using Job = std::function<void(Connection&)>;

  Session(std::string user, std::string csrf, std::unique_ptr<Connection> connection, Clock::time_point now)
      : user(std::move(user)),
        csrf(std::move(csrf)),
        began(now),
        used(now),
        connection_(std::move(connection)) {}

  const std::string user, csrf;
  const Clock::time_point began;
  Clock::time_point used;  // guarded by Sessions

  // The session's connection does one thing at a time, in order. False: too many wait already.
  // `first`: nothing else is running, so that somebody has to call run_one().
  bool add(Job job, bool& first);
  // Runs the oldest; true: there is another.
  bool run_one();
  // What runs is ended, what waits is dropped; there will be nothing more.
  void end();

 private:
  static constexpr std::size_t most_waiting = 8;
  std::mutex mutex_;
  std::deque<Job> waiting_;
  bool running_ = false, ended_ = false;
  std::unique_ptr<Connection> connection_;
};
using SessionPtr = std::shared_ptr<Session>;

struct SessionLimits {
  std::chrono::seconds idle{900}, at_most{8 * 3600};
  std::size_t sessions = 64, of_one_user = 8;
};

class Sessions {
 public:
  using Clock = Session::Clock;

  explicit Sessions(const SessionLimits& limits) : limits_(limits) {}
  // The cookie's value; empty: there are too many already, or there is no randomness.
  std::string add(const std::string& user, std::unique_ptr<Connection> connection, Clock::time_point now);
  // Null: unknown, or over. Counts as a request.
  SessionPtr find(std::string_view cookie, Clock::time_point now);
  void remove(std::string_view cookie);
  void remove(const SessionPtr& session);
  // Ends those whose time is over.
  void tidy(Clock::time_point now);
  void end_all();
  std::size_t size() const;

 private:
  bool is_over(const Session& session, Clock::time_point now) const;
  std::vector<SessionPtr> take_over(Clock::time_point now);
  void make_room(const std::string& user, std::vector<SessionPtr>& ended);

  const SessionLimits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, SessionPtr, std::less<>> sessions_;  // by digest of the cookie
};

}  // namespace pgconsent::pages
