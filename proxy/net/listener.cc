#include "proxy/net/listener.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proxy/net/socket.h"

namespace pgconsent::net {

namespace {
constexpr int accepts_per_turn = 64;
constexpr std::chrono::milliseconds pause_when_out_of_files{100};
constexpr std::chrono::seconds warning_interval{1};
}  // namespace

Listener::Listener(asio::io_context& io, Shared& shared, std::vector<std::unique_ptr<Worker>>& workers)
    : socket_(io), retry_(io), shared_(shared), workers_(workers) {}

std::string Listener::open(const config::Endpoint& endpoint) {
  auto [fd, error] = listen_on(endpoint);
  if (fd < 0) return error;
  socket_.assign(fd);
  if (endpoint.is_unix()) socket_file_ = config::to_string(endpoint);
  return {};
}

void Listener::close() {
  boost::system::error_code ignored;
  retry_.cancel();
  if (socket_.is_open()) socket_.close(ignored);
  if (!socket_file_.empty()) ::unlink(socket_file_.c_str());
  socket_file_.clear();
}

void Listener::wait() {
  socket_.async_wait(asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
    if (!error) accept_all();
  });
}

void Listener::accept_all() {
  for (int i = 0; i < accepts_per_turn; ++i) {
    Address address;
    address.length = sizeof address.storage;
    int fd = ::accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(&address.storage),
                       &address.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      set_connection_options(fd);
      take(fd, to_string(address));
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    if (errno == EINTR || errno == ECONNABORTED) continue;
    return on_accept_error(errno);
  }
  wait();
}

void Listener::take(int fd, std::string client_address) {
  Counters& counters = shared_.counters;
  if (counters.pending.load() >= limits_.pending_connections) {
    ::close(fd);
    ++counters.refused;
    auto now = std::chrono::steady_clock::now();
    if (now - last_warning_ < warning_interval) return;  // a flood must not fill the log as well
    last_warning_ = now;
    spdlog::warn(
        "client {}: connection closed: {} clients are not authenticated yet (limits.pending_connections)",
        client_address, limits_.pending_connections);
    return;
  }
  ++counters.accepted;
  ++counters.pending;
  bool over_limit = counters.connections.fetch_add(1) >= limits_.connections;
  workers_[next_worker_++ % workers_.size()]->accept(fd, std::move(client_address), over_limit);
}

// Out of files or memory: the connection stays in the backlog, and trying at once would only burn time.
void Listener::on_accept_error(int error) {
  spdlog::error("can't accept a connection: {}", std::strerror(error));
  retry_.expires_after(pause_when_out_of_files);
  retry_.async_wait([this](boost::system::error_code aborted) {
    if (!aborted) accept_all();
  });
}

}  // namespace pgconsent::net
