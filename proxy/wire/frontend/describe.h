// Describe: asks for the parameters and columns of a statement, or the columns of a portal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/target.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::frontend {

struct Describe {
  static constexpr char type = 'D';
  Target target = Target::statement;
  std::string_view name;
};

inline bool parse(std::string_view body, Describe& out) {
  Cursor c(body);
  const auto target = static_cast<char>(c.u8());
  out.target = static_cast<Target>(target);
  out.name = c.cstring();
  return c.done() && (target == 'S' || target == 'P');
}

inline void serialize(const Describe& message, std::string& out) {
  Writer(out, Describe::type).u8(static_cast<std::uint8_t>(message.target)).cstring(message.name);
}

}  // namespace pgconsent::wire::frontend
