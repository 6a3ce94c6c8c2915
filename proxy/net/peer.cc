#include "proxy/net/peer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace pgconsent::net {

namespace {
asio::generic::stream_protocol protocol_of(int fd) {
  int family = AF_UNSPEC;
  socklen_t size = sizeof family;
  ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
  return {family, 0};
}
}  // namespace

Peer::Peer(asio::io_context& io, int fd) : socket_(io, protocol_of(fd), fd), stream_(fd) {}

// REQUIRES: `into` is not smaller than input_.
Stream::Result Peer::read(std::span<std::byte> into) {
  // A receive under way may have bytes already that come before what the socket would give now.
  if (read_armed_ && !stream_.is_tls()) return {Stream::Status::want_read, 0};
  if (received_ == 0) return stream_.read(into);
  const std::size_t n = std::exchange(received_, 0);
  std::memcpy(into.data(), input_.data(), n);
  if (n < input_.size() || n == into.size()) return {Stream::Status::ok, n};
  const Stream::Result more = stream_.read(into.subspan(n));
  return {Stream::Status::ok, n + more.bytes};  // an end or a failure is met again
}

// The number of bytes that are done with: sent, or dropped because nothing can be sent.
std::size_t Peer::write_some(std::string_view bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    auto [status, n] = stream_.write(bytes.substr(done));
    switch (status) {
      case Stream::Status::ok:
        done += n;
        continue;
      case Stream::Status::want_write:
        return done;
      case Stream::Status::want_read:  // only in a handshake, and there is none after the first
      case Stream::Status::closed:
      case Stream::Status::failed:
        broken_ = true;
        return bytes.size();
    }
  }
  return done;
}

void Peer::send(std::string_view bytes) {
  if (broken_ || bytes.empty() || !is_open()) return;
  if (pending_.empty()) bytes.remove_prefix(write_some(bytes));
  pending_.append(bytes);
}

void Peer::flush() {
  if (!pending_.empty() && is_open()) sent_ += write_some(std::string_view(pending_).substr(sent_));
  if (sent_ < pending_.size() && !broken_) return;
  std::string().swap(pending_);  // an idle connection holds no buffer
  sent_ = 0;
}

void Peer::close() {
  if (!is_open()) return;
  stream_.end_tls();
  ::shutdown(fd(), SHUT_WR);
  char sink[4096];
  for (int turn = 0; turn < 64 && ::recv(fd(), sink, sizeof sink, MSG_DONTWAIT) > 0; ++turn) continue;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace pgconsent::net
