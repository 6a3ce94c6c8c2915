// Sockets by system calls: addresses, options, listening. No Asio here.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

#include "proxy/config/config.h"

namespace pgconsent::net {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  int family() const { return storage.ss_family; }
};
// 127.0.0.1:5000, [::1]:5000, unix
std::string to_string(const Address& address);
bool is_local(const Address& address);  // a Unix socket or a loopback address
// Of an IP address or a Unix socket directory; nothing for a name, which needs a resolver.
std::optional<Address> literal_address(const config::Endpoint& endpoint);

// TCP_NODELAY, and keepalive so that a vanished peer is noticed within minutes. No effect on Unix sockets.
void set_connection_options(int fd);

struct ListenResult {
  int fd = -1;  // non-blocking; -1 on error
  std::string error;
};
// `endpoint.host` may be an IP address, a name, or a directory for a Unix socket.
ListenResult listen_on(const config::Endpoint& endpoint);

struct ConnectResult {
  int fd = -1;  // non-blocking, connecting or connected; -1 on error
  std::string error;
};
ConnectResult start_connect(const Address& address);
// After the socket became writable: empty when connected.
std::string connect_error(int fd);

// Raises the soft limit of open files to the hard one; the limit that then holds.
std::uint64_t raise_open_files();

}  // namespace pgconsent::net
