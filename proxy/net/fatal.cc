#include "proxy/net/fatal.h"

#include <algorithm>

#include "proxy/wire/writer.h"

namespace pgconsent::net {

std::string fatal_response(std::string_view sqlstate, std::string_view message, std::string_view detail,
                           std::string_view hint) {
  std::string out;
  {
    wire::Writer writer(out, 'E');
    auto field = [&](char code, std::string_view text) {
      if (text.empty()) return;
      std::string clean(text);
      std::replace(clean.begin(), clean.end(), '\0', ' ');
      writer.u8(static_cast<std::uint8_t>(code)).cstring(clean);
    };
    field('S', "FATAL");
    field('V', "FATAL");
    field('C', sqlstate);
    field('M', message);
    field('D', detail);
    field('H', hint);
    writer.u8(0);
  }
  return out;
}

}  // namespace pgconsent::net
