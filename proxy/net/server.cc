#include "proxy/net/server.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <csignal>
#include <future>

#include "proxy/net/databases.h"
#include "proxy/net/log_setup.h"
#include "proxy/net/reload.h"
#include "proxy/net/server_loop.h"

namespace pgconsent::net {

namespace {

constexpr int could_not_run = 2;
constexpr unsigned files_per_connection = 2, other_files = 64;

// The time in front, so that session numbers do not repeat after a restart; below 2^53, so that JSON readers
// keep them.
std::uint64_t first_session() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count()) *
             1'000'000 +
         1;
}

int fail(const std::string& why) {
  spdlog::error("{}", why);
  return could_not_run;
}

void check_open_files(const config::Config& config) {
  std::uint64_t limit = raise_open_files();
  std::uint64_t wanted = std::uint64_t{files_per_connection} * config.limits.connections + other_files;
  if (limit >= wanted) return;
  spdlog::warn("limits.connections is {}, but {} open files are enough for {} connections only",
               config.limits.connections, limit,
               limit > other_files ? (limit - other_files) / files_per_connection : 0);
}

// The rules are held against a live catalog before anything is served.
std::string open_control_database(Databases& databases, const config::Config& config) {
  if (!config.is_enforced(config.control.dbname)) return {};
  std::promise<std::string> opened;
  databases.open(config.control.dbname,
                 [&](std::shared_ptr<Database>, std::string error) { opened.set_value(std::move(error)); });
  return opened.get_future().get();
}

// Null: not configured.
std::unique_ptr<audit_database::ShipThread> start_shipping(const config::ConfigPtr& config) {
  if (!config->audit_ship) return nullptr;
  audit_database::ShipThread::Callbacks callbacks;
  callbacks.connection = [config](std::string& error) {
    config::ControlString connection = config::audit_connection(*config);
    error = std::move(connection.error);
    return std::move(connection.text);
  };
  callbacks.report = [name = config->audit_ship->dbname](const std::string& problem) {
    if (problem.empty()) return spdlog::info("audit database {}: the log is shipped again", name);
    spdlog::error("audit database {}: the log is not shipped: {}", name, problem);
  };
  return std::make_unique<audit_database::ShipThread>(config->audit_directory, std::move(callbacks));
}

audit::Options audit_options(const config::Config& config) {
  audit::Options options;
  options.directory = config.audit_directory;
  options.sync = config.audit.sync ? audit::Options::Sync::always : audit::Options::Sync::off;
  options.segment_bytes = config.audit.segment_bytes;
  options.segment_age = config.audit.segment_age;
  options.hold_removal = config.audit_ship.has_value();
  options.retention = config.audit.retention;
  options.compress = config.audit.compress;
  options.signing_key = config.audit.signing_key;
  options.checkpoint_directory = config.audit.checkpoint_directory;
  options.checkpoint_interval = config.audit.checkpoint_interval;
  return options;
}

}  // namespace

int serve(const std::filesystem::path& config_file) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a limit of file sizes is a full disk, not the end
  SettingsResult loaded = load_settings(config_file);
  log_problems(loaded);
  if (!loaded.settings) return could_not_run;
  const config::Config& config = *loaded.settings->config;
  set_log_level(config.log_level);
  const audit::Options options = audit_options(config);
  auto [log, audit_error] = audit::Log::open(options);
  if (!log) return fail(audit_error);
  audit::SubjectDirectory::OpenResult subjects;
  if (config.audit_subjects) subjects = audit::SubjectDirectory::open(options, *log);
  if (!subjects.error.empty()) return fail(subjects.error);
  check_open_files(config);
  Databases databases(loaded.settings->config, loaded.rules);
  if (std::string error = open_control_database(databases, config); !error.empty()) {
    return fail("database " + config.control.dbname + ": " + error);
  }
  const auto shipping = start_shipping(loaded.settings->config);
  Shared shared{databases, *log, subjects.directory.get(), {}, {}, {first_session()}, {}, shipping.get()};
  ServerLoop loop(config_file, loaded.settings, shared);
  if (std::string error = loop.open(); !error.empty()) return fail(error);
  loop.run();
  return 0;
}

}  // namespace pgconsent::net
