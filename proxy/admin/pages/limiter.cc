#include "proxy/admin/pages/limiter.h"

#include <algorithm>

#include "proxy/admin/pages/secrets.h"

namespace pgconsent::pages {

Limiter::Limiter(int burst, Clock::duration refill)
    : seed_(random_token()), refill_(refill), room_(refill * (burst - 1)) {}

std::size_t Limiter::slot(std::string_view key) const {
  return std::hash<std::string>{}(keyed_digest(seed_, key)) % full_at_.size();
}

bool Limiter::take(std::string_view key, Clock::time_point now, Clock::duration* wait) {
  const std::size_t at = slot(key);
  std::lock_guard lock(mutex_);
  const Clock::time_point full = std::max(full_at_[at], now);
  if (full - now > room_) {
    if (wait != nullptr) *wait = full - now - room_;
    return false;
  }
  full_at_[at] = full + refill_;
  return true;
}

void Limiter::give_back(std::string_view key) {
  const std::size_t at = slot(key);
  std::lock_guard lock(mutex_);
  full_at_[at] -= refill_;
}

}  // namespace pgconsent::pages
