// AuthenticationSASL: the mechanisms the server offers, in its order of preference. The `data` of
// Authentication::sasl.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/wire/backend/authentication.h"
#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::backend {

struct AuthenticationSASL {
  std::vector<std::string_view> mechanisms;
};

inline bool parse(std::string_view data, AuthenticationSASL& out) {
  Cursor c(data);
  out.mechanisms.clear();
  for (auto name = c.cstring(); !name.empty(); name = c.cstring()) out.mechanisms.push_back(name);
  return c.done();
}

inline void serialize(const AuthenticationSASL& message, std::string& out) {
  Writer writer(out, Authentication::type);
  writer.u32(Authentication::sasl);
  for (const auto name : message.mechanisms) writer.cstring(name);
  writer.u8(0);
}

}  // namespace pgconsent::wire::backend
