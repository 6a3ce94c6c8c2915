// NotificationResponse: a NOTIFY of any session on a channel this one listens to, at any time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::backend {

struct NotificationResponse {
  static constexpr char type = 'A';
  std::uint32_t process = 0;
  std::string_view channel, payload;
};

inline bool parse(std::string_view body, NotificationResponse& out) {
  Cursor c(body);
  out.process = c.u32();
  out.channel = c.cstring();
  out.payload = c.cstring();
  return c.done();
}

inline void serialize(const NotificationResponse& message, std::string& out) {
  Writer(out, NotificationResponse::type)
      .u32(message.process)
      .cstring(message.channel)
      .cstring(message.payload);
}

}  // namespace pgconsent::wire::backend
