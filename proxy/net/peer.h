// One socket of a connection: the stream, what could not be sent yet, and at most one wait per direction.
// Private to proxy/net. Used by its worker's thread only.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/net/stream.h"

namespace pgconsent::net {

namespace asio = boost::asio;

class Peer : public std::enable_shared_from_this<Peer> {
  using Socket = asio::generic::stream_protocol::socket;

 public:
  // Takes the (non-blocking) descriptor over.
  Peer(asio::io_context& io, int fd);
  ~Peer() { close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  Stream& stream() { return stream_; }
  int fd() { return socket_.native_handle(); }
  bool is_open() const { return socket_.is_open(); }

  // Sends what goes at once and keeps the rest for flush(). Failures show up as broken().
  void send(std::string_view bytes);
  // Tries the kept bytes again.
  void flush();
  bool has_pending() const { return !pending_.empty(); }
  std::size_t pending_bytes() const { return pending_.size() - sent_; }
  // Nothing can be sent any more; what is sent is dropped.
  bool broken() const { return broken_; }
  // At most one wait of each kind at a time; a second call while one is under way does nothing. `handler`
  // runs unless the wait was cancelled.
  template <typename Handler>
  void wait_readable(Handler&& handler) {
    wait(Socket::wait_read, read_armed_, std::forward<Handler>(handler));
  }
  template <typename Handler>
  void wait_writable(Handler&& handler) {
    wait(Socket::wait_write, write_armed_, std::forward<Handler>(handler));
  }

  // For the relay, from its begin on: instead of wait_readable() and stream().read(). A plain socket's first
  // bytes are taken as they become readable, which saves an epoll_ctl per wait.
  template <typename Handler>
  void wait_input(Handler&& handler) {
    if (stream_.is_tls()) return wait_readable(std::forward<Handler>(handler));
    if (read_armed_ || !is_open()) return;
    read_armed_ = true;
    socket_.async_receive(asio::buffer(input_),
                          [self = shared_from_this(), handler = std::forward<Handler>(handler)](
                              boost::system::error_code error, std::size_t n) {
                            self->read_armed_ = false;
                            self->received_ = n;  // with an error 0: the next read() meets it again
                            if (error != asio::error::operation_aborted && self->is_open()) handler();
                          });
  }
  bool is_waiting_input() const { return read_armed_; }
  // Bytes wait inside: the socket may never become readable for them.
  bool has_input() const { return received_ > 0 || stream_.has_buffered(); }
  Stream::Result read(std::span<std::byte> into);

  // What was sent before still arrives: the sending side is ended first and what the peer has sent is read
  // and dropped, since closing with unread bytes would reset the connection and could destroy a last message.
  void close();

 private:
  template <typename Handler>
  void wait(Socket::wait_type type, bool& armed, Handler&& handler) {
    if (armed || !is_open()) return;
    armed = true;
    socket_.async_wait(type, [self = shared_from_this(), &armed,
                              handler = std::forward<Handler>(handler)](boost::system::error_code error) {
      armed = false;
      if (error != asio::error::operation_aborted && self->is_open()) handler();
    });
  }
  std::size_t write_some(std::string_view bytes);

  Socket socket_;
  Stream stream_;
  std::array<std::byte, 4096> input_;  // of wait_input()
  std::size_t received_ = 0;           // bytes of input_ that read() has not taken yet
  std::string pending_;
  std::size_t sent_ = 0;  // bytes of pending_ that went out
  bool broken_ = false;
  bool read_armed_ = false, write_armed_ = false;
};

}  // namespace pgconsent::net
