// FunctionCallResponse: the result of a FunctionCall.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::backend {

struct FunctionCallResponse {
  static constexpr char type = 'V';
  std::optional<std::string_view> value;  // nullopt is NULL
};

inline bool parse(std::string_view body, FunctionCallResponse& out) {
  Cursor c(body);
  const auto size = c.i32();
  out.value.reset();
  if (size < -1) return false;
  if (size >= 0) out.value = c.bytes(static_cast<std::size_t>(size));
  return c.done();
}

inline void serialize(const FunctionCallResponse& message, std::string& out) {
  Writer writer(out, FunctionCallResponse::type);
  writer.u32(message.value ? static_cast<std::uint32_t>(message.value->size()) : ~0u);
  if (message.value) writer.bytes(*message.value);
}

}  // namespace pgconsent::wire::backend
