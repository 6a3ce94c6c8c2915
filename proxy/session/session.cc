#include "proxy/session/session.h"

#include <utility>

#include "proxy/session/impl.h"
#include "proxy/wire/cursor.h"

namespace pgconsent::session {

Session::Session(SessionConfig config, const wire::StartupPacket& startup, enforce::Planner* planner,
                 audit::Log* log)
    : impl_(std::make_unique<Impl>(std::move(config), startup, planner, log)) {}

Session::~Session() = default;

Action Session::start(Output& out) {
  return impl_->start(out);
}

Action Session::on_client(std::span<const std::byte> bytes, Output& out) {
  return impl_->on_client(wire::as_text(bytes), out);
}

Action Session::on_server(std::span<const std::byte> bytes, Output& out) {
  return impl_->on_server(wire::as_text(bytes), out);
}

std::uint64_t Session::wanted_catalog() const {
  return impl_->wanted_catalog();
}
Action Session::on_catalog(Output& out) {
  return impl_->on_catalog(out);
}
bool Session::waits_for_audit() const {
  return impl_->waits_for_audit();
}
bool Session::audit_is_due() const {
  return impl_->audit_is_due();
}
Action Session::on_client_eof(Output& out) {
  return impl_->on_client_eof(out);
}
Action Session::on_server_eof(Output& out) {
  return impl_->on_server_eof(out);
}
bool Session::wants_client_input() const {
  return impl_->wants_client_input();
}
bool Session::is_idle() const {
  return impl_->is_idle();
}
void Session::terminate(std::string_view reason, Output& out) {
  impl_->terminate(reason, out);
}
bool Session::is_authenticated() const {
  return impl_->is_authenticated();
}
std::string_view Session::cancel_key() const {
  return impl_->cancel_key();
}

}  // namespace pgconsent::session
