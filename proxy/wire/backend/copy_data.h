// CopyData: a piece of COPY data, cut anywhere.
#pragma once

#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::backend {

struct CopyData {
  static constexpr char type = 'd';
  std::string_view data;
};

inline bool parse(std::string_view body, CopyData& out) {
  Cursor c(body);
  out.data = c.rest();
  return c.done();
}

inline void serialize(const CopyData& message, std::string& out) {
  Writer(out, CopyData::type).bytes(message.data);
}

}  // namespace pgconsent::wire::backend
