// The OpenSSL contexts of both sides: built from the configuration, swapped whole on SIGHUP.
#pragma once

#include <memory>
#include <string>

#include "proxy/config/config.h"

struct ssl_ctx_st;

namespace pgconsent::net {

using TlsContext = std::shared_ptr<ssl_ctx_st>;

struct TlsContextResult {
  TlsContext context;  // null on error, and where TLS is off
  std::string error;   // not empty on error; names the file
};

// Towards clients: TLS 1.2 or newer, ALPN `postgresql`, no tickets, client certificates where a client_ca is
// given.
TlsContextResult make_listen_context(const config::ListenTls& tls);
// Of the admin listener: TLS 1.2 or newer, ALPN `http/1.1`, no tickets.
TlsContextResult make_admin_context(const config::AdminTls& tls);
// Towards the server. Name checks are per connection: see Stream::start_tls_client.
TlsContextResult make_server_context(const config::ServerTls& tls);

// What OpenSSL has to say about the calling thread's last failure, in one line; clears its queue.
std::string tls_error();

}  // namespace pgconsent::net
