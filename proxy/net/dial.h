// Connects to the server: the configured hosts in order, each with its addresses, TLS included.
// Private to proxy/net. Used by its worker's thread only.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proxy/net/peer.h"
#include "proxy/net/server_address.h"
#include "proxy/net/tls_context.h"

namespace pgconsent::net {

struct DialOptions {
  config::ServerTls::Mode tls_mode = config::ServerTls::Mode::disable;
  TlsContext tls;
  std::chrono::milliseconds timeout{10'000};  // for each address
};

class Dial : public std::enable_shared_from_this<Dial> {
 public:
  struct Result {
    std::shared_ptr<Peer> peer;  // null on error
    ServerAddress address;       // the one that answered
    std::string error;           // of every host, for the log and the client
  };
  using Handler = std::function<void(Result)>;

  Dial(asio::io_context& io, std::vector<ServerAddress> hosts, DialOptions options, Handler handler);
  void start() { next_host(); }
  // The handler will not be called.
  void cancel();

 private:
  void next_host();
  void resolve(const config::Endpoint& endpoint);
  void next_address();
  void on_connected();
  void on_tls_answer();
  void handshake();
  void succeed();
  void fail(const std::string& why);

  asio::io_context& io_;
  std::vector<ServerAddress> hosts_;
  DialOptions options_;
  Handler handler_;
  std::size_t host_ = 0;            // the next one to try
  std::vector<Address> addresses_;  // of the host that is being tried, still untried, last first
  Address current_;
  std::shared_ptr<Peer> peer_;
  asio::ip::tcp::resolver resolver_;
  asio::steady_timer timer_;
  std::string errors_;
};

}  // namespace pgconsent::net
