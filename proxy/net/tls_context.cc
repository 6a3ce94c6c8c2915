#include "proxy/net/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace pgconsent::net {

namespace {

constexpr unsigned char alpn_protocols[] = "\x0apostgresql";
constexpr unsigned alpn_length = sizeof alpn_protocols - 1;

// A client that offers protocols must offer ours: a browser, or an attack that crosses protocols, does not.
int select_alpn(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
                unsigned in_length, void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_length, alpn_protocols, alpn_length, in, in_length) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// Of the admin listener. A client that offers none of ours goes on without: plain HTTP is all there is.
constexpr unsigned char http_protocols[] = "\x08http/1.1";

int select_http(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
                unsigned in_length, void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_length, http_protocols, sizeof http_protocols - 1, in, in_length) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// An encrypted key must not make a daemon ask at a terminal.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

TlsContext new_context(const SSL_METHOD* method) {
  TlsContext context(SSL_CTX_new(method), SSL_CTX_free);
  if (!context) return nullptr;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE);
  // An idle connection must not hold record buffers; writes may be retried from another place in memory.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_clear_mode(context.get(), SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_default_passwd_cb(context.get(), no_passphrase);
  return context;
}

TlsContextResult failure(const std::string& what) {
  return {nullptr, what + ": " + tls_error()};
}

TlsContextResult server_context(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  TlsContext context = new_context(TLS_server_method());
  if (!context) return failure("can't set up TLS");
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1) {
    return failure("can't load the certificate " + certificate.string());
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return failure("can't load the private key " + key.string());
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) {
    return failure("the private key " + key.string() + " does not belong to the certificate");
  }
  return {context, {}};
}

}  // namespace

std::string tls_error() {
  unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown reason" : reason;
}

TlsContextResult make_listen_context(const config::ListenTls& tls) {
  if (tls.mode == config::ListenTls::Mode::absent) return {};
  TlsContextResult result = server_context(tls.certificate, tls.key);
  const TlsContext& context = result.context;
  if (!context) return result;
  SSL_CTX_set_alpn_select_cb(context.get(), select_alpn, nullptr);
  if (!tls.client_ca.empty()) {
    STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(tls.client_ca.c_str());
    if (names == nullptr ||
        SSL_CTX_load_verify_locations(context.get(), tls.client_ca.c_str(), nullptr) != 1) {
      sk_X509_NAME_pop_free(names, X509_NAME_free);
      return failure("can't load the client CA " + tls.client_ca.string());
    }
    SSL_CTX_set_client_CA_list(context.get(), names);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return {context, {}};
}

TlsContextResult make_admin_context(const config::AdminTls& tls) {
  if (tls.certificate.empty()) return {};
  TlsContextResult result = server_context(tls.certificate, tls.key);
  if (result.context) SSL_CTX_set_alpn_select_cb(result.context.get(), select_http, nullptr);
  return result;
}

TlsContextResult make_server_context(const config::ServerTls& tls) {
  if (tls.mode == config::ServerTls::Mode::disable) return {};
  TlsContext context = new_context(TLS_client_method());
  if (!context) return failure("can't set up TLS");
  SSL_CTX_set_alpn_protos(context.get(), alpn_protocols, alpn_length);
  if (tls.mode != config::ServerTls::Mode::verify_full) return {context, {}};
  ERR_clear_error();
  if (tls.ca.empty() ? SSL_CTX_set_default_verify_paths(context.get()) != 1
                     : SSL_CTX_load_verify_locations(context.get(), tls.ca.c_str(), nullptr) != 1) {
    return failure("can't load the server's CA " + tls.ca.string());
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return {context, {}};
}

}  // namespace pgconsent::net
