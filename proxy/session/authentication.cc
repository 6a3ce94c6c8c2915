// Authentication is relayed: the server goes on seeing the real role. Nothing here is logged.
#include "proxy/session/impl.h"
#include "proxy/wire/backend/authentication_sasl.h"
#include "proxy/wire/backend/backend_key_data.h"
#include "proxy/wire/backend/ready_for_query.h"
#include "proxy/wire/frontend/sasl_initial_response.h"

namespace pgconsent::session {

namespace backend = wire::backend;
namespace sqlstate = parser::sqlstate;

bool Session::Impl::client_in_authentication(const wire::Header& header) {
  if (header.type != 'p') {
    fatal(sqlstate::protocol_violation, "expected password response, got message type " +
                                            std::to_string(static_cast<unsigned char>(header.type)));
    return false;
  }
  if (!client_.whole(header)) return false;
  if (first_sasl_response_ && config_.server_tls) {
    // The GS2 header says "y": the client could bind to the channel and believes that the server can't. A
    // server with TLS takes that for a downgrade attack, and the client's proof covers the header.
    wire::frontend::SASLInitialResponse response;
    if (parse(client_.available(header), response) && response.data && response.data->starts_with('y')) {
      fatal({std::string(sqlstate::invalid_authorization),
             "pgconsent: SCRAM channel binding can't pass through the proxy",
             "TLS ends at the proxy, so that client and server have different channels.",
             "Connect with channel_binding=disable.", 0});
      return false;
    }
  }
  first_sasl_response_ = password_expected_ = false;
  client_.pass(header);
  return true;
}

void Session::Impl::offer_mechanisms(const wire::Header& header, std::string_view data) {
  backend::AuthenticationSASL offer;
  if (!parse(data, offer)) {
    nonsense();
    return;
  }
  password_expected_ = first_sasl_response_ = true;
  if (!config_.client_tls && !config_.server_tls) {
    server_.pass(header);
    return;
  }
  std::erase(offer.mechanisms, "SCRAM-SHA-256-PLUS");
  if (offer.mechanisms.empty()) {
    fatal(sqlstate::feature_not_supported,
          "pgconsent: the server offers only authentication with channel binding, which can't pass through "
          "the proxy");
    return;
  }
  serialize(offer, server_.own());
  server_.drop(header);
}

void Session::Impl::authentication_request(const wire::Header& header) {
  backend::Authentication request;
  if (!parse(server_.available(header), request)) {
    nonsense();
    return;
  }
  using Code = backend::Authentication::Code;
  switch (request.code) {
    case Code::ok:
    case Code::sasl_final:
      password_expected_ = false;
      server_.pass(header);
      return;
    case Code::cleartext_password:
    case Code::md5_password:
    case Code::sasl_continue:
      password_expected_ = true;
      server_.pass(header);
      return;
    case Code::sasl:
      offer_mechanisms(header, request.data);
      return;
    case Code::kerberos_v5:
    case Code::scm_credential:
    case Code::gss:
    case Code::gss_continue:
    case Code::sspi:
      fatal({std::string(sqlstate::feature_not_supported),
             "pgconsent: the server asks for an authentication method that can't pass through the proxy",
             "GSSAPI, SSPI and Kerberos tie the authentication to the connection's end points.",
             "Use scram-sha-256, md5, password, cert or trust in pg_hba.conf for connections from the proxy.",
             0});
      return;
  }
  nonsense();
}

void Session::Impl::first_ready_for_query(const wire::Header& header) {
  if (config_.counters != nullptr) config_.counters->sessions.add();
  if (planner_ == nullptr) {
    server_.pass(header);
    phase_ = Phase::ready;
    return;
  }
  // The client gets it once the session's state is known.
  server_.drop(header);
  phase_ = Phase::settling;
  state_dirty_ = true;
  ask_state();
}

void Session::Impl::server_in_authentication(const wire::Header& header) {
  const auto body = server_.available(header);
  switch (header.type) {
    case 'R':
      authentication_request(header);
      return;
    case 'S':
      parameter_status(header);
      return;
    case 'K': {
      backend::BackendKeyData key;
      if (!parse(body, key) || key.key.size() > 256) break;
      cancel_key_ = body;
      server_.pass(header);
      return;
    }
    case 'Z': {
      backend::ReadyForQuery ready;
      if (!parse(body, ready) || ready.status != 'I') break;
      first_ready_for_query(header);
      return;
    }
    default:
      break;
  }
  nonsense();
}

}  // namespace pgconsent::session
