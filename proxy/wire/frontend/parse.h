// Parse: prepares one statement.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::frontend {

struct Parse {
  static constexpr char type = 'P';
  std::string_view statement;  // empty: the unnamed one
  std::string_view text;
  std::vector<std::uint32_t> parameter_types;  // OIDs; 0 leaves the type to the server
};

inline bool parse(std::string_view body, Parse& out) {
  Cursor c(body);
  out.statement = c.cstring();
  out.text = c.cstring();
  const auto count = c.u16();
  out.parameter_types.clear();
  if (c.left() != std::size_t{count} * 4) return false;
  for (unsigned i = 0; i < count; ++i) out.parameter_types.push_back(c.u32());
  return c.done();
}

inline void serialize(const Parse& message, std::string& out) {
  Writer writer(out, Parse::type);
  writer.cstring(message.statement).cstring(message.text);
  writer.u16(static_cast<std::uint16_t>(message.parameter_types.size()));
  for (const auto type : message.parameter_types) writer.u32(type);
}

}  // namespace pgconsent::wire::frontend
