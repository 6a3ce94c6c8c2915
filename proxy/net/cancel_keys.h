// Which server each session's cancel key belongs to: shared by all workers, since a CancelRequest comes on a
// connection of its own. Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "proxy/net/server_address.h"

namespace pgconsent::net {

class CancelKeys {
 public:
  // `key`: process and secret as in BackendKeyData.
  void add(std::string_view key, const ServerAddress& server);
  void remove(std::string_view key);
  std::optional<ServerAddress> find(std::string_view key) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_multimap<std::string, ServerAddress> servers_;  // two servers may give out the same key
};

}  // namespace pgconsent::net
