// Bind: makes a portal of a prepared statement and parameter values.
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

struct Bind {
  static constexpr char type = 'B';
  std::string_view portal, statement;            // empty: the unnamed ones
  std::vector<std::uint16_t> parameter_formats;  // 0 text, 1 binary; none: all text; one: holds for all
  std::vector<std::optional<std::string_view>> parameters;  // nullopt is NULL
  std::vector<std::uint16_t> result_formats;
};

inline bool parse(std::string_view body, Bind& out) {
  Cursor c(body);
  out.portal = c.cstring();
  out.statement = c.cstring();
  read_formats(c, out.parameter_formats);
  out.parameters.clear();
  for (unsigned left = c.u16(); left > 0 && c.ok(); --left) {
    const auto size = c.i32();
    if (size == -1)
      out.parameters.emplace_back();
    else if (size < 0)
      return false;
    else
      out.parameters.emplace_back(c.bytes(static_cast<std::size_t>(size)));
  }
  read_formats(c, out.result_formats);
  return c.done();
}

inline void serialize(const Bind& message, std::string& out) {
  Writer writer(out, Bind::type);
  writer.cstring(message.portal).cstring(message.statement);
  write_formats(writer, message.parameter_formats);
  writer.u16(static_cast<std::uint16_t>(message.parameters.size()));
  for (const auto& value : message.parameters) {
    writer.u32(value ? static_cast<std::uint32_t>(value->size()) : ~0u);
    if (value) writer.bytes(*value);
  }
  write_formats(writer, message.result_formats);
}

}  // namespace pgconsent::wire::frontend
