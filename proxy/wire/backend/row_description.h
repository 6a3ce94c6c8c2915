// RowDescription: names, types and origins of the columns of a result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::backend {

struct ColumnDescription {
  std::string_view name;
  std::uint32_t table = 0;  // OID and attnum of the column it comes from; 0 for an expression
  std::int16_t attnum = 0;
  std::uint32_t type = 0;
  std::int16_t type_size = 0;
  std::int32_t type_modifier = -1;
  std::uint16_t format = 0;
  std::size_t origin_at = 0;  // where `table` and `attnum` (6 bytes) stand in the parsed body
};

struct RowDescription {
  static constexpr char type = 'T';
  std::vector<ColumnDescription> columns;
};

inline bool parse(std::string_view body, RowDescription& out) {
  Cursor c(body);
  const auto count = c.u16();
  out.columns.clear();
  for (unsigned i = 0; i < count && c.ok(); ++i) {
    ColumnDescription column;
    column.name = c.cstring();
    column.origin_at = body.size() - c.left();
    column.table = c.u32(), column.attnum = c.i16();
    column.type = c.u32(), column.type_size = c.i16(), column.type_modifier = c.i32(),
    column.format = c.u16();
    out.columns.push_back(column);
  }
  return c.done();
}

inline void serialize(const RowDescription& message, std::string& out) {
  Writer writer(out, RowDescription::type);
  writer.u16(static_cast<std::uint16_t>(message.columns.size()));
  for (const auto& column : message.columns) {
    writer.cstring(column.name)
        .u32(column.table)
        .u16(static_cast<std::uint16_t>(column.attnum))
        .u32(column.type);
    writer.u16(static_cast<std::uint16_t>(column.type_size))
        .u32(static_cast<std::uint32_t>(column.type_modifier));
    writer.u16(column.format);
  }
}

}  // namespace pgconsent::wire::backend
