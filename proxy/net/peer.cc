#include "proxy/net/peer.h"

#include <sys/socket.h>
#include <unistd.h>

namespace pgconsent::net {

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
