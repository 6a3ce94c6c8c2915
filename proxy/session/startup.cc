// The session's beginning, its end, and the frame around each call.
#include <utility>

#include "proxy/session/impl.h"
#include "proxy/wire/backend/negotiate_protocol_version.h"
#include "proxy/wire/frontend/terminate.h"

namespace pgconsent::session {

namespace sqlstate = parser::sqlstate;

Session::Impl::Impl(SessionConfig config, const wire::StartupPacket& startup, enforce::Planner* planner,
                    audit::Log* log)
    : config_(std::move(config)),
      planner_(config_.enforced ? planner : nullptr),
      log_(log),
      client_startup_(startup) {}

Action Session::Impl::open(Output& out, std::string_view client, std::string_view server) {
  out_ = &out;
  action_ = phase_ == Phase::closed ? Action::close : Action::none;
  client_.begin(client, out.to_server);
  server_.begin(server, out.to_client);
  return action_;
}

Action Session::Impl::finish() {
  client_.end();
  server_.end();
  out_ = nullptr;
  return action_;
}

Action Session::Impl::start(Output& out) {
  open(out, {}, {});
  auto prepared = prepare_startup(std::exchange(client_startup_, {}), planner_ != nullptr);
  if (const auto* error = std::get_if<parser::SqlError>(&prepared)) {
    fatal(*error);
    out.to_server.clear();  // the server has not heard of this session
    return finish();
  }
  auto& startup = std::get<ServerStartup>(prepared);
  user_ = startup.user;
  database_ = startup.database;
  application_name_ = startup.application_name;
  auto purpose = startup.purpose;
  startup_purpose_source_ = purpose.empty() ? "role" : "startup";
  if (planner_ != nullptr) {
    if (purpose.empty()) {
      purpose = planner_->default_purpose(user_);
    } else if (const auto error = planner_->check_purpose(user_, purpose)) {
      fatal(*error);
      out.to_server.clear();
      return finish();
    }
  }
  if (startup.negotiates) {
    wire::backend::NegotiateProtocolVersion answer;
    answer.version = wire::protocol_3_0;
    answer.unrecognised.assign(startup.protocol_options.begin(), startup.protocol_options.end());
    serialize(answer, server_.own());
  }
  startup_purpose_ = purpose;
  if (planner_ != nullptr) finish_startup(startup, purpose);
  wire::serialize(startup.packet, client_.own());
  return finish();
}

Action Session::Impl::on_client(std::string_view bytes, Output& out) {
  if (phase_ == Phase::closed) return Action::close;
  if (terminated_) return Action::none;  // nothing counts after Terminate
  open(out, bytes, {});
  pump_client();
  return finish();
}

Action Session::Impl::on_server(std::string_view bytes, Output& out) {
  if (phase_ == Phase::closed) return Action::close;
  open(out, {}, bytes);
  audit_awaited_ = 0;
  pump_server();
  if (phase_ != Phase::closed) pump_client();
  return finish();
}

Action Session::Impl::on_catalog(Output& out) {
  if (phase_ == Phase::closed) return Action::close;
  open(out, {}, {});
  if (reload_pending_) {
    reload_pending_ = false;
    catalog_fresh_ = true;
    pump_client();
    if (!held_) catalog_fresh_ = false;
  }
  return finish();
}

Action Session::Impl::on_client_eof(Output& out) {
  if (phase_ == Phase::closed) return Action::close;
  open(out, {}, {});
  if (!terminated_ && !client_.in_message()) serialize(wire::frontend::Terminate{}, client_.own());
  client_.forget();
  server_.forget();
  phase_ = Phase::closed;
  action_ = Action::close;
  return finish();
}

Action Session::Impl::on_server_eof(Output& out) {
  if (phase_ == Phase::closed) return Action::close;
  open(out, {}, {});
  if (server_fatal_ || terminated_) {
    server_.forget();
    phase_ = Phase::closed;
    action_ = Action::close;
  } else {
    fatal(sqlstate::connection_failure, "pgconsent: the server closed the connection unexpectedly");
  }
  client_.forget();
  finish();
  out.to_server.clear();
  return Action::close;
}

void Session::Impl::terminate(std::string_view reason, Output& out) {
  if (phase_ == Phase::closed) return;
  open(out, {}, {});
  fatal(sqlstate::admin_shutdown, std::string(reason));
  finish();
}

bool Session::Impl::is_idle() const {
  return phase_ == Phase::ready && in_flight_.empty() && relay_pending_ == 0 && transaction_ == 'I' &&
         !unsynced_ && !copy_in_ && own_ == Own::none && !reload_pending_ && client_.pending() == 0 &&
         !client_.in_message();
}

}  // namespace pgconsent::session
