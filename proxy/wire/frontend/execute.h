// Execute: runs a portal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::frontend {

struct Execute {
  static constexpr char type = 'E';
  std::string_view portal;
  std::uint32_t row_limit = 0;  // 0: all rows
};

inline bool parse(std::string_view body, Execute& out) {
  Cursor c(body);
  out.portal = c.cstring();
  out.row_limit = c.u32();
  return c.done();
}

inline void serialize(const Execute& message, std::string& out) {
  Writer(out, Execute::type).cstring(message.portal).u32(message.row_limit);
}

}  // namespace pgconsent::wire::frontend
