#include "proxy/audit_database/ship_thread.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace pgconsent::audit_database {

namespace {
constexpr std::chrono::milliseconds poll_interval{500}, first_back_off{500}, longest_back_off{60'000};
}

ShipThread::ShipThread(std::filesystem::path directory, Callbacks callbacks)
    : directory_(std::move(directory)),
      callbacks_(std::move(callbacks)),
      back_off_(first_back_off),
      complete_at_(Clock::now().time_since_epoch().count()),
      thread_([this] { run(); }) {}

ShipThread::~ShipThread() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

ShipThread::Statistics ShipThread::statistics() const {
  return {working_, lines_, failures_, Clock::now() - Clock::time_point(Clock::duration(complete_at_.load())),
          last_id_};
}

bool ShipThread::pause(std::chrono::milliseconds duration) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, duration, [this] { return stop_.load(); });
}

void ShipThread::failed(const std::string& problem) {
  if (stop_) return;
  working_ = false;
  ++failures_;
  if (problem != problem_) callbacks_.report(problem);
  problem_ = problem;
}

void ShipThread::worked() {
  working_ = true;
  back_off_ = first_back_off;
  if (!problem_.empty()) callbacks_.report({});
  problem_.clear();
}

void ShipThread::run() {
  do {
    try {
      Error error;
      const std::string conninfo = callbacks_.connection(error.message);
      auto connection = error.message.empty() ? Connection::open(conninfo, error, &stop_) : nullptr;
      if (connection) {
        ship(*connection);
      } else {
        failed(error.message);
      }
    } catch (const std::exception& e) {  // no memory
      failed(e.what());
    }
    const auto wait = back_off_;
    back_off_ = std::min(2 * back_off_, longest_back_off);
    if (!pause(wait)) return;
  } while (!stop_);
}

// Returns when the connection is of no more use, or after a failure: a new one makes no assumptions.
void ShipThread::ship(Connection& connection) {
  Shipper shipper(directory_, connection);
  while (!stop_) {
    const std::uint64_t before = shipper.lines();
    const Shipper::Step step = shipper.step();
    lines_ += shipper.lines() - before;
    if (shipper.knows_position()) last_id_ = shipper.last_id();
    switch (step) {
      case Shipper::Step::failed:
        return failed(shipper.error());
      case Shipper::Step::shipped:
        worked();
        break;
      case Shipper::Step::up_to_date:
        worked();
        complete_at_ = Clock::now().time_since_epoch().count();
        if (!pause(poll_interval)) return;
        break;
    }
  }
}

}  // namespace pgconsent::audit_database
