// NegotiateProtocolVersion: the client asked for more than the server speaks.
// PostgreSQL sends the whole version (3 << 16 | minor), where the manual speaks of the minor version.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::backend {

struct NegotiateProtocolVersion {
  static constexpr char type = 'v';
  std::uint32_t version = 0;
  std::vector<std::string_view> unrecognised;  // names of `_pq_.` options
};

inline bool parse(std::string_view body, NegotiateProtocolVersion& out) {
  Cursor c(body);
  out.version = c.u32();
  out.unrecognised.clear();
  for (auto left = c.u32(); left > 0 && c.ok(); --left) out.unrecognised.push_back(c.cstring());
  return c.done();
}

inline void serialize(const NegotiateProtocolVersion& message, std::string& out) {
  Writer writer(out, NegotiateProtocolVersion::type);
  writer.u32(message.version).u32(static_cast<std::uint32_t>(message.unrecognised.size()));
  for (const auto name : message.unrecognised) writer.cstring(name);
}

}  // namespace pgconsent::wire::backend
