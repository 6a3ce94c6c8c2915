// FunctionCall: runs a function by OID, without SQL text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/wire/cursor.h"
#include "proxy/wire/format_codes.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::frontend {

struct FunctionCall {
  static constexpr char type = 'F';
  std::uint32_t function = 0;
  std::vector<std::uint16_t> argument_formats;
  std::vector<std::optional<std::string_view>> arguments;  // nullopt is NULL
  std::uint16_t result_format = 0;
};

inline bool parse(std::string_view body, FunctionCall& out) {
  Cursor c(body);
  out.function = c.u32();
  read_formats(c, out.argument_formats);
  out.arguments.clear();
  for (unsigned left = c.u16(); left > 0 && c.ok(); --left) {
    const auto size = c.i32();
    if (size == -1)
      out.arguments.emplace_back();
    else if (size < 0)
      return false;
    else
      out.arguments.emplace_back(c.bytes(static_cast<std::size_t>(size)));
  }
  out.result_format = c.u16();
  return c.done();
}

inline void serialize(const FunctionCall& message, std::string& out) {
  Writer writer(out, FunctionCall::type);
  writer.u32(message.function);
  write_formats(writer, message.argument_formats);
  writer.u16(static_cast<std::uint16_t>(message.arguments.size()));
  for (const auto& value : message.arguments) {
    writer.u32(value ? static_cast<std::uint32_t>(value->size()) : ~0u);
    if (value) writer.bytes(*value);
  }
  writer.u16(message.result_format);
}

}  // namespace pgconsent::wire::frontend
