// Lists of format codes (0 text, 1 binary), as Bind, FunctionCall and the Copy responses carry them.
#pragma once

#include <cstdint>
#include <vector>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire {

inline void read_formats(Cursor& c, std::vector<std::uint16_t>& formats) {
  formats.clear();
  const auto count = c.u16();
  if (c.left() < std::size_t{count} * 2) return c.fail();
  for (unsigned i = 0; i < count; ++i) formats.push_back(c.u16());
}

inline void write_formats(Writer& writer, const std::vector<std::uint16_t>& formats) {
  writer.u16(static_cast<std::uint16_t>(formats.size()));
  for (const auto format : formats) writer.u16(format);
}

}  // namespace pgconsent::wire
