// DataRow: one row; formats are as in the Bind or RowDescription before it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::backend {

struct DataRow {
  static constexpr char type = 'D';
  std::vector<std::optional<std::string_view>> values;  // nullopt is NULL
};

inline bool parse(std::string_view body, DataRow& out) {
  Cursor c(body);
  out.values.clear();
  for (unsigned left = c.u16(); left > 0 && c.ok(); --left) {
    const auto size = c.i32();
    if (size == -1)
      out.values.emplace_back();
    else if (size < 0)
      return false;
    else
      out.values.emplace_back(c.bytes(static_cast<std::size_t>(size)));
  }
  return c.done();
}

inline void serialize(const DataRow& message, std::string& out) {
  Writer writer(out, DataRow::type);
  writer.u16(static_cast<std::uint16_t>(message.values.size()));
  for (const auto& value : message.values) {
    writer.u32(value ? static_cast<std::uint32_t>(value->size()) : ~0u);
    if (value) writer.bytes(*value);
  }
}

}  // namespace pgconsent::wire::backend
