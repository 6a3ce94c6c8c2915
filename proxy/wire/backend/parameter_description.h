// ParameterDescription: the types of a statement's parameters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::backend {

struct ParameterDescription {
  static constexpr char type = 't';
  std::vector<std::uint32_t> types;
};

inline bool parse(std::string_view body, ParameterDescription& out) {
  Cursor c(body);
  const auto count = c.u16();
  out.types.clear();
  if (c.left() != std::size_t{count} * 4) return false;
  for (unsigned i = 0; i < count; ++i) out.types.push_back(c.u32());
  return c.done();
}

inline void serialize(const ParameterDescription& message, std::string& out) {
  Writer writer(out, ParameterDescription::type);
  writer.u16(static_cast<std::uint16_t>(message.types.size()));
  for (const auto type : message.types) writer.u32(type);
}

}  // namespace pgconsent::wire::backend
