#include "proxy/net/stream.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "proxy/net/tls_context.h"

namespace pgconsent::net {

void Stream::SslFree::operator()(ssl_st* ssl) const {
  SSL_free(ssl);
}

Stream::Status Stream::tls_status(int returned) {
  int saved_errno = errno;
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
      return Status::want_read;
    case SSL_ERROR_WANT_WRITE:
      return Status::want_write;
    case SSL_ERROR_ZERO_RETURN:
      return Status::closed;
    case SSL_ERROR_SYSCALL:
      if (saved_errno == 0) return Status::closed;
      error_ = std::strerror(saved_errno);
      return Status::failed;
    case SSL_ERROR_SSL:
      // Many clients close without close_notify; the protocol above has its own end.
      if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        ERR_clear_error();
        return Status::closed;
      }
      error_ = tls_error();
      if (long verified = SSL_get_verify_result(ssl_.get()); verified != X509_V_OK) {
        error_.append(" (").append(X509_verify_cert_error_string(verified)).append(")");
      }
      return Status::failed;
    default:
      error_ = "unexpected TLS state";
      return Status::failed;
  }
}

Stream::Result Stream::plain_result(std::ptrdiff_t n) {
  if (n > 0) return {Status::ok, static_cast<std::size_t>(n)};
  if (n == 0) return {Status::closed, 0};
  error_ = std::strerror(errno);
  return {Status::failed, 0};
}

Stream::Result Stream::read(std::span<std::byte> into) {
  if (ssl_) {
    ERR_clear_error();
    errno = 0;
    std::size_t n = 0;
    int returned = SSL_read_ex(ssl_.get(), into.data(), into.size(), &n);
    return returned == 1 ? Result{Status::ok, n} : Result{tls_status(returned), 0};
  }
  for (;;) {
    ssize_t n = ::recv(fd_, into.data(), into.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {Status::want_read, 0};
    return plain_result(n);
  }
}

Stream::Result Stream::write(std::string_view bytes) {
  if (ssl_) {
    ERR_clear_error();
    errno = 0;
    std::size_t n = 0;
    int returned = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &n);
    return returned == 1 ? Result{Status::ok, n} : Result{tls_status(returned), 0};
  }
  for (;;) {
    ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {Status::want_write, 0};
    return plain_result(n);
  }
}

bool Stream::start_tls_server(ssl_ctx_st* context) {
  ssl_.reset(SSL_new(context));
  if (!ssl_ || SSL_set_fd(ssl_.get(), fd_) != 1) {
    error_ = tls_error();
    ssl_.reset();
    return false;
  }
  SSL_set_accept_state(ssl_.get());
  return true;
}

bool Stream::start_tls_client(ssl_ctx_st* context, const std::string& host, bool verify) {
  ssl_.reset(SSL_new(context));
  bool fine = ssl_ && SSL_set_fd(ssl_.get(), fd_) == 1;
  in6_addr ignored{};
  bool is_address =
      ::inet_pton(AF_INET, host.c_str(), &ignored) == 1 || ::inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
  // SNI is for names only (RFC 6066).
  if (fine && !is_address) fine = SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) == 1;
  if (fine && verify) {
    SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    fine = is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str()) == 1
                      : SSL_set1_host(ssl_.get(), host.c_str()) == 1;
  }
  if (!fine) {
    error_ = tls_error();
    ssl_.reset();
    return false;
  }
  SSL_set_connect_state(ssl_.get());
  return true;
}

Stream::Status Stream::handshake() {
  ERR_clear_error();
  errno = 0;
  int returned = SSL_do_handshake(ssl_.get());
  return returned == 1 ? Status::ok : tls_status(returned);
}

bool Stream::has_alpn() const {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  if (ssl_) SSL_get0_alpn_selected(ssl_.get(), &name, &length);
  return std::string_view(reinterpret_cast<const char*>(name), length) == "postgresql";
}

bool Stream::passes_certificate_to(const Stream& other) const {
  const X509* shown = SSL_get_certificate(other.ssl_.get());
  const X509* seen = SSL_get0_peer_certificate(ssl_.get());
  return shown != nullptr && seen != nullptr && X509_cmp(shown, seen) == 0;
}

// Without read-ahead OpenSSL takes one record at a time from the socket: what it holds is decrypted.
bool Stream::has_buffered() const {
  return ssl_ && SSL_pending(ssl_.get()) > 0;
}

void Stream::end_tls() {
  if (ssl_ && SSL_is_init_finished(ssl_.get())) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
}

}  // namespace pgconsent::net
