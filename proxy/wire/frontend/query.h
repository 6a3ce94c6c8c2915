// Query: a simple query of any number of statements.
#pragma once

#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::frontend {

struct Query {
  static constexpr char type = 'Q';
  std::string_view text;
};

inline bool parse(std::string_view body, Query& out) {
  Cursor c(body);
  out.text = c.cstring();
  return c.done();
}

inline void serialize(const Query& message, std::string& out) {
  Writer(out, Query::type).cstring(message.text);
}

}  // namespace pgconsent::wire::frontend
