// CopyFail: the client gives up its COPY; the server answers with an error.
#pragma once

#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::frontend {

struct CopyFail {
  static constexpr char type = 'f';
  std::string_view reason;
};

inline bool parse(std::string_view body, CopyFail& out) {
  Cursor c(body);
  out.reason = c.cstring();
  return c.done();
}

inline void serialize(const CopyFail& message, std::string& out) {
  Writer(out, CopyFail::type).cstring(message.reason);
}

}  // namespace pgconsent::wire::frontend
