// ReadyForQuery: the answer to Sync, Query and FunctionCall is complete.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::backend {

struct ReadyForQuery {
  static constexpr char type = 'Z';
  char status = 'I';  // I idle, T in a transaction block, E in a failed one
};

inline bool parse(std::string_view body, ReadyForQuery& out) {
  Cursor c(body);
  out.status = static_cast<char>(c.u8());
  return c.done() && (out.status == 'I' || out.status == 'T' || out.status == 'E');
}

inline void serialize(const ReadyForQuery& message, std::string& out) {
  Writer(out, ReadyForQuery::type).u8(static_cast<std::uint8_t>(message.status));
}

}  // namespace pgconsent::wire::backend
