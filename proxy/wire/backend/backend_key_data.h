// BackendKeyData: what a CancelRequest must name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::backend {

struct BackendKeyData {
  static constexpr char type = 'K';
  std::uint32_t process = 0;
  std::string_view key;  // 4 bytes in protocol 3.0
};

inline bool parse(std::string_view body, BackendKeyData& out) {
  Cursor c(body);
  out.process = c.u32();
  out.key = c.rest();
  return c.done() && !out.key.empty();
}

inline void serialize(const BackendKeyData& message, std::string& out) {
  Writer(out, BackendKeyData::type).u32(message.process).bytes(message.key);
}

}  // namespace pgconsent::wire::backend
