// GSSResponse: GSSAPI or SSPI data.
#pragma once

#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::frontend {

struct GSSResponse {
  static constexpr char type = 'p';
  std::string_view data;
};

inline bool parse(std::string_view body, GSSResponse& out) {
  Cursor c(body);
  out.data = c.rest();
  return c.done();
}

inline void serialize(const GSSResponse& message, std::string& out) {
  Writer(out, GSSResponse::type).bytes(message.data);
}

}  // namespace pgconsent::wire::frontend
