// Private to client.cc and import.cc.
#pragma once

#include <functional>
#include <memory>
#include <pqxx/pqxx>
#include <string>

#include "proxy/consent/store/client.h"

namespace pgconsent::consent {

class StoreClient::Impl {
 public:
  std::string text;
  std::unique_ptr<pqxx::connection> connection;

  pqxx::connection& open();
  // Runs it; what is thrown becomes an outcome.
  Outcome guarded(const std::function<Outcome()>& work);
};

}  // namespace pgconsent::consent
