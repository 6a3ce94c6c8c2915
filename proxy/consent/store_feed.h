// The feed from the built-in store (schema pgconsent). A change is a transaction that recorded events; what
// it changed is read as the compiled rows of its subjects are now, which may be newer: then the later change
// says it again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proxy/consent/feed.h"

namespace pgconsent::consent {

struct StoreFeedSettings {
  std::function<std::string()> conninfo;  // libpq's; asked at each connect, since a password may change
  struct Kind {
    KindNumber number = 0;
    std::string name;  // in the store
    KeyType key = KeyType::integer;
  };
  std::vector<Kind> kinds;
  HashSecret secret;                   // the index's
  std::int64_t most_events = 200'000;  // with more to follow, everything is read anew
};

// Null and `error` when there is no connection, no such store, or a key's type that the index can't hold.
std::unique_ptr<ConsentFeed> connect_store_feed(const StoreFeedSettings& settings, std::string& error);

}  // namespace pgconsent::consent
