// CopyBothResponse: streaming replication only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/wire/cursor.h"
#include "proxy/wire/format_codes.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::backend {

struct CopyBothResponse {
  static constexpr char type = 'W';
  std::uint8_t format = 0;  // 0 text, 1 binary
  std::vector<std::uint16_t> column_formats;
};

inline bool parse(std::string_view body, CopyBothResponse& out) {
  Cursor c(body);
  out.format = c.u8();
  read_formats(c, out.column_formats);
  return c.done();
}

inline void serialize(const CopyBothResponse& message, std::string& out) {
  Writer writer(out, CopyBothResponse::type);
  writer.u8(message.format);
  write_formats(writer, message.column_formats);
}

}  // namespace pgconsent::wire::backend
