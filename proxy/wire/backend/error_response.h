// ErrorResponse: a statement, or with severity FATAL the session, has failed.
#pragma once

#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/error_fields.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::backend {

struct ErrorResponse {
  static constexpr char type = 'E';
  ErrorFields fields;
};

inline bool parse(std::string_view body, ErrorResponse& out) {
  Cursor c(body);
  return read_fields(c, out.fields);
}

inline void serialize(const ErrorResponse& message, std::string& out) {
  Writer writer(out, ErrorResponse::type);
  write_fields(writer, message.fields);
}

}  // namespace pgconsent::wire::backend
