// SASLResponse: further data of the mechanism in use.
#pragma once

#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::frontend {

struct SASLResponse {
  static constexpr char type = 'p';
  std::string_view data;
};

inline bool parse(std::string_view body, SASLResponse& out) {
  Cursor c(body);
  out.data = c.rest();
  return c.done();
}

inline void serialize(const SASLResponse& message, std::string& out) {
  Writer(out, SASLResponse::type).bytes(message.data);
}

}  // namespace pgconsent::wire::frontend
