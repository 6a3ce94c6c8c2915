// A byte stream over a non-blocking socket, plain or TLS. Never waits: says what to wait for instead.
// Does not own the descriptor. Used by one thread. REQUIRES: SIGPIPE is ignored, since OpenSSL writes by
// write(2).
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace pgconsent::net {

class Stream {
 public:
  enum class Status {
    ok,
    want_read,   // try again when the socket is readable
    want_write,  // … writable
    closed,      // the peer has ended its side
    failed,      // error() says why
  };
  struct Result {
    Status status = Status::ok;
    std::size_t bytes = 0;  // with ok: at least 1
  };

  explicit Stream(int fd) : fd_(fd) {}

  Result read(std::span<std::byte> into);
  Result write(std::string_view bytes);

  // From here on TLS; handshake() until it says ok. False when OpenSSL can't be set up.
  bool start_tls_server(ssl_ctx_st* context);
  // `host` is checked against the certificate when `verify` is set, name or IP address.
  bool start_tls_client(ssl_ctx_st* context, const std::string& host, bool verify);
  Status handshake();
  bool is_tls() const { return ssl_ != nullptr; }
  // Did both sides agree on ALPN `postgresql`?
  bool has_alpn() const;
  // Do we show the other stream's peer the very certificate that our own peer shows us? REQUIRES: both are
  // TLS.
  bool passes_certificate_to(const Stream& other) const;
  // Decrypted bytes wait inside: the socket may never become readable for them.
  bool has_buffered() const;
  // close_notify, if it can go out at once.
  void end_tls();

  const std::string& error() const { return error_; }

 private:
  struct SslFree {
    void operator()(ssl_st* ssl) const;
  };
  Status tls_status(int returned);
  Result plain_result(std::ptrdiff_t n);

  int fd_;
  std::unique_ptr<ssl_st, SslFree> ssl_;
  std::string error_;
};

}  // namespace pgconsent::net
