// Authentication requests: AuthenticationOk, …CleartextPassword, …MD5Password, …GSS, …SSPI, …SASL and what
// follows them. They share the type byte; `data` is what comes after the code.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire::backend {

struct Authentication {
  static constexpr char type = 'R';
  enum Code : std::uint32_t {
    ok = 0,
    kerberos_v5 = 2,
    cleartext_password = 3,
    scm_credential = 6,
    md5_password = 5,
    gss = 7,
    gss_continue = 8,
    sspi = 9,
    sasl = 10,
    sasl_continue = 11,
    sasl_final = 12,
  };
  std::uint32_t code = ok;
  std::string_view
      data;  // md5_password: the salt; sasl: the mechanisms; …continue, …final: the mechanism's own
};

inline bool parse(std::string_view body, Authentication& out) {
  Cursor c(body);
  out.code = c.u32();
  out.data = c.rest();
  return c.done();
}

inline void serialize(const Authentication& message, std::string& out) {
  Writer(out, Authentication::type).u32(message.code).bytes(message.data);
}

}  // namespace pgconsent::wire::backend
