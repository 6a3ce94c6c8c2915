#include "proxy/net/server_loop.h"

#include <spdlog/spdlog.h>

#include <csignal>

#include "proxy/audit_database/ship_thread.h"
#include "proxy/net/databases.h"
#include "proxy/net/numbers.h"
#include "proxy/net/pages.h"
#include "proxy/net/reload.h"
#include "proxy/net/socket.h"

namespace pgconsent::net {

namespace {
constexpr std::chrono::milliseconds end_poll{20};
constexpr std::chrono::milliseconds housekeeping_interval{200};
constexpr std::chrono::seconds end_timeout{2};  // for the last bytes of connections that are told to end now
}  // namespace

ServerLoop::ServerLoop(std::filesystem::path config_file, SettingsPtr settings, Shared& shared)
    : config_file_(std::move(config_file)),
      settings_(std::move(settings)),
      shared_(shared),
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      end_timer_(io_),
      housekeeping_timer_(io_),
      listener_(io_, shared, workers_) {
  for (unsigned i = 0; i < settings_->config->workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(shared_, settings_));
  }
}

std::string ServerLoop::open() {
  listener_.use_limits(settings_->config->limits);
  std::string error = listener_.open(settings_->config->listen);
  return error.empty() ? open_admin() : error;
}

std::string ServerLoop::open_admin() {
  const auto& endpoint = settings_->config->admin;
  if (!endpoint) return {};
  auto [fd, error] = listen_on(*endpoint);
  if (fd < 0) return "admin: " + error;
  const auto address = literal_address(*endpoint);
  if (!address || !is_local(*address))
    spdlog::warn("admin: /metrics at {} can be reached from other hosts, and asks nobody who they are",
                 config::to_string(*endpoint));
  admin::ListenerOptions options;
  options.tls = settings_->admin_tls;
  options.site = make_pages(*settings_->config, shared_);
  admin_ = std::make_unique<admin::Listener>(
      fd, admin::Sources{[this] { return measure(shared_, workers_); }, [this] { return problems(shared_); }},
      std::move(options));
  return {};
}

void ServerLoop::run() {
  for (auto& worker : workers_) worker->start_thread();
  listener_.start();
  if (admin_) admin_->start();
  shared_.log.on_progress([this] {
    for (auto& worker : workers_) worker->audit_progressed();
  });
  wait_for_signal();
  housekeeping();
  spdlog::info("listening on {}", config::to_string(settings_->config->listen));
  if (admin_) spdlog::info("admin: listening on {}", config::to_string(*settings_->config->admin));
  io_.run();
  admin_.reset();
  shared_.log.on_progress({});
  for (auto& worker : workers_) worker->stop_thread();
  workers_.clear();
  shared_.log.flush();
  spdlog::info("stopped");
}

void ServerLoop::wait_for_signal() {
  signals_.async_wait([this](boost::system::error_code error, int signal) {
    if (error) return;
    wait_for_signal();
    on_signal(signal);
  });
}

void ServerLoop::on_signal(int signal) {
  if (signal == SIGHUP) return reload();
  if (signal == SIGTERM && !draining_) return drain();
  end_now();
}

void ServerLoop::reload() {
  if (draining_) return;
  SettingsPtr settings = reload_settings(config_file_, *settings_, shared_.databases);
  if (!settings) return;
  settings_ = std::move(settings);
  listener_.use_limits(settings_->config->limits);
  for (auto& worker : workers_) worker->use_settings(settings_);
  if (admin_ && settings_->admin_tls) admin_->use_tls(settings_->admin_tls);
}

void ServerLoop::drain() {
  draining_ = shared_.draining = true;
  listener_.close();
  spdlog::info("draining: {} connections are open", shared_.counters.connections.load());
  for (auto& worker : workers_) worker->drain();
  await_end(std::chrono::steady_clock::now() + settings_->config->limits.drain_timeout);
}

void ServerLoop::end_now() {
  if (ending_) return;
  draining_ = ending_ = shared_.draining = true;
  listener_.close();
  for (auto& worker : workers_) worker->end_all();
  await_end(std::chrono::steady_clock::now() + end_timeout);
}

void ServerLoop::await_end(std::chrono::steady_clock::time_point deadline) {
  if (shared_.counters.connections.load() == 0) return io_.stop();
  if (std::chrono::steady_clock::now() >= deadline) {
    spdlog::warn("{} connections did not end in time", shared_.counters.connections.load());
    if (ending_) return io_.stop();
    return end_now();
  }
  end_timer_.expires_after(end_poll);
  end_timer_.async_wait([this, deadline](boost::system::error_code error) {
    if (!error) await_end(deadline);
  });
}

// Sessions flush what a client waits for; this is for records that nobody waits for, for segments that end by
// their age, and for a disk that was full.
void ServerLoop::housekeeping() {
  shared_.databases.tidy();
  shared_.log.start_flush();
  if (shared_.shipping != nullptr) shared_.log.keep_from(shared_.shipping->statistics().last_id + 1);
  report_audit();
  housekeeping_timer_.expires_after(housekeeping_interval);
  housekeeping_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) housekeeping();
  });
}

// What has changed since the last time.
void ServerLoop::report_audit() {
  const std::uint64_t interruptions = shared_.log.statistics().interruptions;
  const bool healthy = shared_.log.healthy();
  const bool interrupted = interruptions != audit_interruptions_;  // perhaps over already
  if (interrupted)
    spdlog::error("the audit log can't be written: statements that touch protected data are refused");
  if (healthy && (interrupted || !audit_healthy_)) spdlog::info("the audit log can be written again");
  audit_interruptions_ = interruptions;
  audit_healthy_ = healthy;
  std::string problem = shared_.log.problem();
  if (problem != audit_problem_ && !problem.empty()) spdlog::error("audit log: {}", problem);
  audit_problem_ = std::move(problem);
}

}  // namespace pgconsent::net
