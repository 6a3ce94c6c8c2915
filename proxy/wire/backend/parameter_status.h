// ParameterStatus: a reported setting has this value now.
#pragma once

#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::backend {

struct ParameterStatus {
  static constexpr char type = 'S';
  std::string_view name, value;
};

inline bool parse(std::string_view body, ParameterStatus& out) {
  Cursor c(body);
  out.name = c.cstring();
  out.value = c.cstring();
  return c.done();
}

inline void serialize(const ParameterStatus& message, std::string& out) {
  Writer(out, ParameterStatus::type).cstring(message.name).cstring(message.value);
}

}  // namespace pgconsent::wire::backend
