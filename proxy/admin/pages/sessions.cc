#include "proxy/admin/pages/sessions.h"

#include <algorithm>

#include "proxy/admin/pages/secrets.h"

namespace pgconsent::pages {

bool Session::add(Job job, bool& first) {
  std::lock_guard lock(mutex_);
  if (ended_ || waiting_.size() >= most_waiting) return false;
  waiting_.push_back(std::move(job));
  first = !running_;
  running_ = true;
  return true;
}

bool Session::run_one() {
  Job job;
  {
    std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      running_ = false;
      return false;
    }
    job = std::move(waiting_.front());
    waiting_.pop_front();
  }
  job(*connection_);
  std::lock_guard lock(mutex_);
  running_ = !waiting_.empty();
  return running_;
}

void Session::end() {
  std::deque<Job> dropped;
  bool running = false;
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
    dropped.swap(waiting_);
    running = running_;
  }
  if (running) connection_->cancel();
}

bool Sessions::is_over(const Session& session, Clock::time_point now) const {
  return now - session.used > limits_.idle || now - session.began > limits_.at_most;
}

std::vector<SessionPtr> Sessions::take_over(Clock::time_point now) {
  std::vector<SessionPtr> ended;
  for (auto it = sessions_.begin(); it != sessions_.end();) {
    if (!is_over(*it->second, now)) {
      ++it;
      continue;
    }
    ended.push_back(it->second);
    it = sessions_.erase(it);
  }
  return ended;
}

// Of one user the one that was not used for longest goes.
void Sessions::make_room(const std::string& user, std::vector<SessionPtr>& ended) {
  auto oldest = sessions_.end();
  std::size_t count = 0;
  for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
    if (it->second->user != user) continue;
    ++count;
    if (oldest == sessions_.end() || it->second->used < oldest->second->used) oldest = it;
  }
  if (count < limits_.of_one_user) return;
  ended.push_back(oldest->second);
  sessions_.erase(oldest);
}

std::string Sessions::add(const std::string& user, std::unique_ptr<Connection> connection,
                          Clock::time_point now) {
  std::string cookie = random_token(), csrf = random_token();
  if (cookie.empty() || csrf.empty()) return {};
  std::vector<SessionPtr> ended;
  {
    std::lock_guard lock(mutex_);
    ended = take_over(now);
    make_room(user, ended);
    if (sessions_.size() < limits_.sessions) {
      sessions_.emplace(digest(cookie),
                        std::make_shared<Session>(user, std::move(csrf), std::move(connection), now));
    } else {
      cookie.clear();
    }
  }
  for (const SessionPtr& each : ended) each->end();
  return cookie;
}

SessionPtr Sessions::find(std::string_view cookie, Clock::time_point now) {
  if (cookie.empty()) return nullptr;
  std::lock_guard lock(mutex_);
  const auto found = sessions_.find(digest(cookie));
  if (found == sessions_.end() || is_over(*found->second, now)) return nullptr;
  found->second->used = now;
  return found->second;
}

void Sessions::remove(std::string_view cookie) {
  SessionPtr ended;
  {
    std::lock_guard lock(mutex_);
    const auto found = sessions_.find(digest(cookie));
    if (found == sessions_.end()) return;
    ended = found->second;
    sessions_.erase(found);
  }
  ended->end();
}

void Sessions::remove(const SessionPtr& session) {
  {
    std::lock_guard lock(mutex_);
    std::erase_if(sessions_, [&](const auto& each) { return each.second == session; });
  }
  session->end();
}

void Sessions::tidy(Clock::time_point now) {
  std::vector<SessionPtr> ended;
  {
    std::lock_guard lock(mutex_);
    ended = take_over(now);
  }
  for (const SessionPtr& each : ended) each->end();
}

void Sessions::end_all() {
  std::map<std::string, SessionPtr, std::less<>> ended;
  {
    std::lock_guard lock(mutex_);
    ended.swap(sessions_);
  }
  for (const auto& [key, each] : ended) each->end();
}

std::size_t Sessions::size() const {
  std::lock_guard lock(mutex_);
  return sessions_.size();
}

}  // namespace pgconsent::pages
