// CommandComplete: a statement is done.
#pragma once

#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::backend {

struct CommandComplete {
  static constexpr char type = 'C';
  std::string_view tag;  // "SELECT 5"
};

inline bool parse(std::string_view body, CommandComplete& out) {
  Cursor c(body);
  out.tag = c.cstring();
  return c.done();
}

inline void serialize(const CommandComplete& message, std::string& out) {
  Writer(out, CommandComplete::type).cstring(message.tag);
}

}  // namespace pgconsent::wire::backend
