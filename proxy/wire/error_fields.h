// The fields of ErrorResponse and NoticeResponse:
// https://www.postgresql.org/docs/15/protocol-error-fields.html
#pragma once

#include <string_view>
#include <vector>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire {

struct ErrorField {
  char code;  // S severity, V severity untranslated, C SQLSTATE, M message, D detail, H hint, P position, …
  std::string_view value;
};
using ErrorFields = std::vector<ErrorField>;

// The first field of that code; empty when there is none.
inline std::string_view field(const ErrorFields& fields, char code) {
  for (const auto& each : fields) {
    if (each.code == code) return each.value;
  }
  return {};
}

inline bool read_fields(Cursor& c, ErrorFields& fields) {
  fields.clear();
  for (;;) {
    const auto code = static_cast<char>(c.u8());
    if (!c.ok()) return false;
    if (code == 0) return c.done();
    fields.push_back({code, c.cstring()});
  }
}

inline void write_fields(Writer& writer, const ErrorFields& fields) {
  for (const auto& each : fields) writer.u8(static_cast<unsigned char>(each.code)).cstring(each.value);
  writer.u8(0);
}

}  // namespace pgconsent::wire
