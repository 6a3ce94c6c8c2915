#include "proxy/net/dial.h"

#include <cstring>

#include "proxy/wire/startup_packet.h"

namespace pgconsent::net {

Dial::Dial(asio::io_context& io, std::vector<ServerAddress> hosts, DialOptions options, Handler handler)
    : io_(io),
      hosts_(std::move(hosts)),
      options_(std::move(options)),
      handler_(std::move(handler)),
      resolver_(io),
      timer_(io) {}

void Dial::cancel() {
  handler_ = nullptr;
  if (peer_) peer_->close();
  peer_.reset();
  resolver_.cancel();
  timer_.cancel();
}

void Dial::next_host() {
  if (host_ == hosts_.size()) {
    Handler handler = std::exchange(handler_, nullptr);
    if (handler) handler({nullptr, {}, std::move(errors_)});
    return;
  }
  const ServerAddress& host = hosts_[host_++];
  addresses_.clear();
  if (host.address.length > 0) {
    addresses_.push_back(host.address);
  } else if (auto literal = literal_address(host.endpoint)) {
    addresses_.push_back(*literal);
  } else {
    return resolve(host.endpoint);
  }
  next_address();
}

void Dial::resolve(const config::Endpoint& endpoint) {
  auto self = shared_from_this();
  resolver_.async_resolve(
      endpoint.host, std::to_string(endpoint.port),
      [self](boost::system::error_code error, const asio::ip::tcp::resolver::results_type& results) {
        if (!self->handler_) return;
        if (error) return self->fail("the name can't be resolved");
        for (const auto& entry : results) {
          Address address;
          address.length = static_cast<socklen_t>(entry.endpoint().size());
          std::memcpy(&address.storage, entry.endpoint().data(), address.length);
          self->addresses_.insert(self->addresses_.begin(), address);
        }
        self->next_address();
      });
}

void Dial::next_address() {
  if (addresses_.empty()) return next_host();
  current_ = addresses_.back();
  addresses_.pop_back();
  auto [fd, error] = start_connect(current_);
  if (fd < 0) return fail(error);
  peer_ = std::make_shared<Peer>(io_, fd);
  auto self = shared_from_this();
  timer_.expires_after(options_.timeout);
  // A wait that was answered by a newer one has ended with an error: it may not end the newer attempt.
  timer_.async_wait([self, peer = peer_](boost::system::error_code aborted) {
    if (!aborted && self->handler_ && self->peer_ == peer) self->fail("no answer in time");
  });
  peer_->wait_writable([self] { self->on_connected(); });
}

void Dial::on_connected() {
  if (!handler_) return;
  if (std::string error = connect_error(peer_->fd()); !error.empty()) return fail(error);
  // Preferring TLS does not mean loopback: it would only cost time, and keep clients with TLS from using
  // SCRAM.
  bool skip = current_.family() == AF_UNIX ||
              (options_.tls_mode == config::ServerTls::Mode::prefer && is_local(current_));
  if (!options_.tls || skip) return succeed();
  std::string request;
  wire::serialize_ssl_request(request);
  peer_->send(request);
  if (peer_->broken() || peer_->has_pending()) return fail("the connection broke");
  peer_->wait_readable([self = shared_from_this()] { self->on_tls_answer(); });
}

void Dial::on_tls_answer() {
  if (!handler_) return;
  std::byte answer[16];
  auto [status, n] = peer_->stream().read(answer);
  if (status == Stream::Status::want_read) {
    return peer_->wait_readable([self = shared_from_this()] { self->on_tls_answer(); });
  }
  if (status != Stream::Status::ok) return fail("the server closed the connection");
  char first = static_cast<char>(answer[0]);
  if (first == 'N' && n == 1 && options_.tls_mode == config::ServerTls::Mode::prefer) return succeed();
  if (first == 'N') return fail("the server does not offer TLS");
  // An error text would come unencrypted from anybody (CVE-2024-10977): it is not shown.
  if (first != 'S') return fail("the server refused to negotiate TLS");
  if (n > 1) return fail("received unencrypted data after the TLS answer");  // CVE-2021-23222
  bool verify = options_.tls_mode == config::ServerTls::Mode::verify_full;
  if (!peer_->stream().start_tls_client(options_.tls.get(), hosts_[host_ - 1].endpoint.host, verify)) {
    return fail("TLS: " + peer_->stream().error());
  }
  handshake();
}

void Dial::handshake() {
  if (!handler_) return;
  auto again = [self = shared_from_this()] { self->handshake(); };
  switch (peer_->stream().handshake()) {
    case Stream::Status::ok:
      return succeed();
    case Stream::Status::want_read:
      return peer_->wait_readable(again);
    case Stream::Status::want_write:
      return peer_->wait_writable(again);
    case Stream::Status::closed:
      return fail("TLS: the server closed the connection");
    case Stream::Status::failed:
      return fail("TLS: " + peer_->stream().error());
  }
}

void Dial::succeed() {
  timer_.cancel();
  Handler handler = std::exchange(handler_, nullptr);
  handler({std::exchange(peer_, nullptr), {hosts_[host_ - 1].endpoint, current_}, {}});
}

void Dial::fail(const std::string& why) {
  timer_.cancel();
  if (peer_) peer_->close();
  peer_.reset();
  errors_.append(errors_.empty() ? "" : "; ")
      .append(config::to_string(hosts_[host_ - 1].endpoint))
      .append(": ");
  errors_.append(why);
  next_address();
}

}  // namespace pgconsent::net
