#include "proxy/admin/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <thread>

#include "proxy/admin/exchange.h"
#include "proxy/admin/pages/site.h"

namespace pgconsent::admin {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds pause_when_out_of_files{100};
constexpr std::chrono::seconds tidy_interval{10};

// Who it is, as far as attempts are counted: an IPv6 host has a whole /64 to itself.
std::string peer_of(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return "unknown";
  char text[INET6_ADDRSTRLEN] = "unknown";
  if (storage.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, text, sizeof text);
    return text;
  }
  in6_addr address = reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address) != 0) {
    ::inet_ntop(AF_INET, &address.s6_addr[12], text, sizeof text);
    return text;
  }
  if (IN6_IS_ADDR_LOOPBACK(&address) != 0) return "::1";
  std::fill(&address.s6_addr[8], &address.s6_addr[8] + 8, std::uint8_t{0});
  ::inet_ntop(AF_INET6, &address, text, sizeof text);
  return std::string(text) + "/64";
}

}  // namespace

class Listener::Impl {
 public:
  Impl(int fd, Sources sources, ListenerOptions options)
      : sources_(std::move(sources)),
        options_(std::move(options)),
        tls_(wrap(options_.tls)),
        socket_(io_, fd),
        retry_(io_),
        tidy_(io_) {}

  void start() {
    wait();
    if (options_.site) tidy();
    thread_ = std::thread([this] { run(); });
  }

  void use_tls(const std::shared_ptr<ssl_ctx_st>& tls) {
    asio::post(io_, [this, tls] { tls_ = wrap(tls); });
  }

  // First the thread that connections live on, then the pages, which hold some of them.
  void stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    if (options_.site) options_.site->stop();
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

  // Asio's object frees a reference of its own in the end.
  static std::unique_ptr<asio::ssl::context> wrap(const std::shared_ptr<ssl_ctx_st>& context) {
    if (!context) return nullptr;
    SSL_CTX_up_ref(context.get());
    return std::make_unique<asio::ssl::context>(context.get());
  }

  void tidy() {
    tidy_.expires_after(tidy_interval);
    tidy_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      options_.site->tidy();
      tidy();
    });
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
    if (open_ >= options_.limits.connections) {
      ::close(fd);
      return;
    }
    PlainStream::socket_type socket(io_);
    boost::system::error_code error;
    // The family is only used to make new sockets.
    socket.assign(PlainStream::protocol_type(AF_INET, 0), fd, error);
    if (error) {
      ::close(fd);
      return;
    }
    const ExchangeContext context{sources_, options_.limits, options_.site.get(), open_};
    PlainStream plain(std::move(socket));
    if (tls_) {
      std::make_shared<Exchange<TlsStream>>(TlsStream(std::move(plain), *tls_), peer_of(fd), context)
          ->start();
    } else {
      std::make_shared<Exchange<PlainStream>>(std::move(plain), peer_of(fd), context)->start();
    }
  }

  // Before io_: what is left in it is destroyed with it, and uses these.
  const Sources sources_;
  const ListenerOptions options_;
  std::unique_ptr<asio::ssl::context> tls_;  // connections hold what they need of it
  std::size_t open_ = 0;
  asio::io_context io_{1};
  asio::posix::stream_descriptor socket_;
  asio::steady_timer retry_, tidy_;
  std::thread thread_;
};

Listener::Listener(int fd, Sources sources) : Listener(fd, std::move(sources), ListenerOptions{}) {}
Listener::Listener(int fd, Sources sources, ListenerOptions options)
    : impl_(std::make_unique<Impl>(fd, std::move(sources), std::move(options))) {}
Listener::~Listener() {
  stop();
}

void Listener::start() {
  impl_->start();
}
void Listener::use_tls(std::shared_ptr<ssl_ctx_st> tls) {
  impl_->use_tls(tls);
}
void Listener::stop() {
  impl_->stop();
}

}  // namespace pgconsent::admin
