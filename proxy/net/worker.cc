#include "proxy/net/worker.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <exception>

#include "proxy/net/connection.h"
#include "proxy/net/database.h"

namespace pgconsent::net {

namespace {
constexpr std::size_t scratch_bytes = 128 << 10;
constexpr std::size_t kept_output_bytes = 512 << 10;
constexpr std::chrono::milliseconds tick_interval{250};

void clear(std::string& text) {
  text.clear();
  if (text.capacity() > kept_output_bytes) text.shrink_to_fit();
}
}  // namespace

Worker::Worker(Shared& shared, SettingsPtr settings)
    : work_(asio::make_work_guard(io_)),
      timer_(io_),
      shared_(shared),
      settings_(std::move(settings)),
      scratch_(scratch_bytes) {}

Worker::~Worker() {
  stop_thread();
  awaiting_audit_.clear();
  connections_.clear();  // before the planners that their sessions use
}

void Worker::start_thread() {
  tick();
  thread_ = std::thread([this] { run(); });
}

void Worker::stop_thread() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

void Worker::run() {
  for (;;) {
    try {
      io_.run();
      return;
    } catch (const std::exception& e) {
      spdlog::error("internal error: {}", e.what());
    }
  }
}

void Worker::accept(int fd, std::string client_address, bool over_limit) {
  post([this, fd, address = std::move(client_address), over_limit]() mutable {
    try {
      auto connection = std::make_shared<Connection>(*this, fd, std::move(address), over_limit);
      connections_.emplace(connection.get(), connection);
      connection->start();
    } catch (const std::exception& e) {
      spdlog::error("can't take a connection: {}", e.what());
      ::close(fd);
      --shared_.counters.connections;
      --shared_.counters.pending;
    }
  });
}

void Worker::use_settings(SettingsPtr settings) {
  post([this, settings = std::move(settings)] { settings_ = settings; });
}

// A copy, since ending a connection changes the map.
std::vector<std::shared_ptr<Connection>> Worker::connections() const {
  std::vector<std::shared_ptr<Connection>> all;
  all.reserve(connections_.size());
  for (const auto& [key, connection] : connections_) all.push_back(connection);
  return all;
}

void Worker::drain() {
  post([this] {
    for (const auto& connection : connections()) connection->drain();
  });
}

void Worker::end_all() {
  post([this] {
    for (const auto& connection : connections()) connection->stop();
  });
}

void Worker::clear_output() {
  clear(output_.to_client);
  clear(output_.to_server);
}

enforce::Planner* Worker::planner(const std::shared_ptr<Database>& database) {
  DatabasePlanner& entry = planners_[database.get()];
  if (!entry.planner) {
    entry.database = database;
    entry.planner = database->make_planner(settings().config->limits.plan_cache_bytes, &counters_.plans);
  }
  return entry.planner.get();
}

void Worker::remove(Connection& connection) {
  connections_.erase(&connection);
}

void Worker::await_audit(std::shared_ptr<Connection> connection) {
  awaiting_audit_.push_back(std::move(connection));
  audit_awaited_ = true;
  // Written between the session's question and the line above: nobody would tell.
  if (awaiting_audit_.back()->audit_is_due()) audit_progressed();
}

void Worker::audit_progressed() {
  if (!audit_awaited_.load() || !audit_awaited_.exchange(false)) return;
  post([this] { resume_audited(); });
}

void Worker::resume_audited() {
  std::vector<std::shared_ptr<Connection>> waiting;
  waiting.swap(awaiting_audit_);
  for (auto& connection : waiting) {
    if (connection->audit_is_due()) {
      connection->on_audit();  // which may wait again
    } else {
      await_audit(std::move(connection));
    }
  }
}

void Worker::tick() {
  timer_.expires_after(tick_interval);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    auto now = std::chrono::steady_clock::now();
    std::vector<std::shared_ptr<Connection>> late;
    for (const auto& [key, connection] : connections_) {
      if (connection->is_late(now)) late.push_back(connection);
    }
    for (const auto& connection : late) connection->on_late();
    tick();
  });
}

}  // namespace pgconsent::net
