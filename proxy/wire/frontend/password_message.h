// PasswordMessage: the password, in clear or as an MD5 hash. Never logged.
#pragma once

#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::frontend {

struct PasswordMessage {
  static constexpr char type = 'p';
  std::string_view password;
};

inline bool parse(std::string_view body, PasswordMessage& out) {
  Cursor c(body);
  out.password = c.cstring();
  return c.done();
}

inline void serialize(const PasswordMessage& message, std::string& out) {
  Writer(out, PasswordMessage::type).cstring(message.password);
}

}  // namespace pgconsent::wire::frontend
