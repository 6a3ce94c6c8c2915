// NoticeResponse: a warning or notice, at any time.
#pragma once

#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/error_fields.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::backend {

struct NoticeResponse {
  static constexpr char type = 'N';
  ErrorFields fields;
};

inline bool parse(std::string_view body, NoticeResponse& out) {
  Cursor c(body);
  return read_fields(c, out.fields);
}

inline void serialize(const NoticeResponse& message, std::string& out) {
  Writer writer(out, NoticeResponse::type);
  write_fields(writer, message.fields);
}

}  // namespace pgconsent::wire::backend
