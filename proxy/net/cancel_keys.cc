#include "proxy/net/cancel_keys.h"

namespace pgconsent::net {

void CancelKeys::add(std::string_view key, const ServerAddress& server) {
  std::lock_guard lock(mutex_);
  servers_.emplace(key, server);
}

void CancelKeys::remove(std::string_view key) {
  std::lock_guard lock(mutex_);
  auto it = servers_.find(std::string(key));
  if (it != servers_.end()) servers_.erase(it);
}

std::optional<ServerAddress> CancelKeys::find(std::string_view key) const {
  std::lock_guard lock(mutex_);
  auto it = servers_.find(std::string(key));
  if (it == servers_.end()) return {};
  return it->second;
}

}  // namespace pgconsent::net
