// SASLInitialResponse: the chosen mechanism and its first data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::frontend {

struct SASLInitialResponse {
  static constexpr char type = 'p';
  std::string_view mechanism;
  std::optional<std::string_view> data;
};

inline bool parse(std::string_view body, SASLInitialResponse& out) {
  Cursor c(body);
  out.mechanism = c.cstring();
  const auto size = c.i32();
  out.data.reset();
  if (size < -1) return false;
  if (size >= 0) out.data = c.bytes(static_cast<std::size_t>(size));
  return c.done();
}

inline void serialize(const SASLInitialResponse& message, std::string& out) {
  Writer writer(out, SASLInitialResponse::type);
  writer.cstring(message.mechanism)
      .u32(message.data ? static_cast<std::uint32_t>(message.data->size()) : ~0u);
  if (message.data) writer.bytes(*message.data);
}

}  // namespace pgconsent::wire::frontend
