// What all workers share. Private to proxy/net.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "proxy/audit/log.h"
#include "proxy/audit/subjects.h"
#include "proxy/audit_database/ship_thread.h"
#include "proxy/config/config.h"
#include "proxy/net/cancel_keys.h"
#include "proxy/net/tls_context.h"
#include "proxy/session/counters.h"

namespace pgconsent::net {

class Databases;

// What SIGHUP may change; swapped whole. New connections use the newest.
struct Settings {
  config::ConfigPtr config;
  TlsContext listen_tls, server_tls, admin_tls;
};
using SettingsPtr = std::shared_ptr<const Settings>;

struct Counters {
  std::atomic<std::uint32_t> connections{0};  // clients, authenticated or not
  std::atomic<std::uint32_t> pending{0};      // of these: not authenticated yet
  std::atomic<std::uint64_t> accepted{0}, refused{0};
};

// What one worker counts, read by the admin listener's thread.
struct WorkerCounters {
  session::Counters sessions;
  enforce::PlanCounters plans;
  enforce::Counter from_client, to_client, from_server, to_server;  // bytes, without TLS
};

struct Shared {
  Databases& databases;
  audit::Log& log;
  audit::SubjectDirectory* subjects;  // null: switched off
  CancelKeys cancel_keys;
  Counters counters;
  std::atomic<std::uint64_t>
      next_session;  // begins with the time, so that numbers do not repeat after a restart
  std::atomic<bool> draining{false};
  const audit_database::ShipThread* shipping = nullptr;  // null: the log is not shipped
};

}  // namespace pgconsent::net
