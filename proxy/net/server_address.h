// A server host as configured, with its address once that is known.
#pragma once

#include "proxy/config/config.h"
#include "proxy/net/socket.h"

namespace pgconsent::net {

struct ServerAddress {
  config::Endpoint endpoint;
  Address address;  // length 0: to be resolved
};

}  // namespace pgconsent::net
