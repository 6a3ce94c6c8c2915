#include "proxy/admin/listener.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <thread>

#include "proxy/admin/exchange.h"

namespace pgconsent::admin {

namespace asio = boost::asio;

namespace {
constexpr std::chrono::milliseconds pause_when_out_of_files{100};
}

class Listener::Impl {
 public:
  Impl(int fd, Sources sources, const ListenerLimits& limits)
      : sources_(std::move(sources)), limits_(limits), socket_(io_, fd), retry_(io_) {}

  void start() {
    wait();
    thread_ = std::thread([this] { run(); });
  }

  void stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    for (;;) {
      try {
        io_.run();
        return;
      } catch (const std::exception& e) {  // out of memory: this request only
        spdlog::error("admin listener: {}", e.what());
      }
    }
  }

  void wait() {
    socket_.async_wait(asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
      if (!error) accept();
    });
  }

  void accept() {
    const int fd = ::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      take(fd);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ECONNABORTED && errno != EINTR) {
      // Out of files: trying at once would only burn time.
      retry_.expires_after(pause_when_out_of_files);
      return retry_.async_wait([this](boost::system::error_code error) {
        if (!error) wait();
      });
    }
    wait();
  }

  void take(int fd) {
    if (open_ >= limits_.connections) {
      ::close(fd);
      return;
    }
    Exchange::Socket socket(io_);
    boost::system::error_code error;
    socket.assign(Exchange::Protocol(AF_INET, 0), fd, error);  // the family is only used to make new sockets
    if (error) {
      ::close(fd);
      return;
    }
    std::make_shared<Exchange>(std::move(socket), sources_, limits_, open_)->read();
  }

  // Before io_: what is left in it is destroyed with it, and uses these.
  const Sources sources_;
  const ListenerLimits limits_;
  std::size_t open_ = 0;
  asio::io_context io_{1};
  asio::posix::stream_descriptor socket_;
  asio::steady_timer retry_;
  std::thread thread_;
};

Listener::Listener(int fd, Sources sources) : Listener(fd, std::move(sources), ListenerLimits{}) {}
Listener::Listener(int fd, Sources sources, const ListenerLimits& limits)
    : impl_(std::make_unique<Impl>(fd, std::move(sources), limits)) {}
Listener::~Listener() {
  stop();
}

void Listener::start() {
  impl_->start();
}
void Listener::stop() {
  impl_->stop();
}

}  // namespace pgconsent::admin
