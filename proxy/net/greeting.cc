#include "proxy/net/greeting.h"

#include "parser/names/sql_error.h"

namespace pgconsent::net {

namespace sqlstate = parser::sqlstate;

Greeting::Step Greeting::fail(std::string_view state, std::string_view message) {
  fatal_ = {state, message};
  buffer_.clear();
  return Step::fatal;
}

Greeting::Step Greeting::on_encryption_request(bool ssl) {
  bool& asked = ssl ? ssl_asked_ : gss_asked_;
  if (tls_ || asked) return fail(sqlstate::protocol_violation, "pgconsent: unexpected encryption request");
  asked = true;
  // What came with the request was not encrypted and may be injected (CVE-2021-23222): it must not be read
  // later.
  if (!buffer_.empty()) {
    return fail(sqlstate::protocol_violation,
                "pgconsent: received unencrypted data after the encryption request");
  }
  return ssl && encryption_ != Encryption::absent ? Step::start_tls : Step::answer_no;
}

Greeting::Step Greeting::on_startup(std::span<const std::byte> packet) {
  auto parsed = wire::parse_startup_packet(packet);
  if (!parsed) return fail(sqlstate::protocol_violation, "pgconsent: invalid startup packet");
  if (encryption_ == Encryption::require && !tls_) {
    return fail(sqlstate::invalid_authorization, "pgconsent: TLS is required");
  }
  startup_ = std::move(*parsed);
  return Step::startup;
}

Greeting::Step Greeting::next() {
  std::optional<std::size_t> length = wire::startup_packet_length(buffer_);
  if (length && *length == 0) return Step::close;  // as PostgreSQL: this is no client of ours
  if (!length || buffer_.size() < *length) return Step::need_more;
  std::vector<std::byte> packet(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(*length));
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(*length));
  switch (wire::classify_startup(packet)) {
    case wire::StartupKind::startup:
      return on_startup(packet);
    case wire::StartupKind::ssl_request:
      return on_encryption_request(true);
    case wire::StartupKind::gssenc_request:
      return on_encryption_request(false);
    case wire::StartupKind::cancel_request: {
      auto parsed = wire::parse_cancel_request(packet);
      if (!parsed) return Step::close;
      cancel_ = std::move(*parsed);
      return Step::cancel;
    }
    case wire::StartupKind::invalid:
      return fail(sqlstate::protocol_violation, "pgconsent: invalid startup packet");
  }
  return Step::close;
}

}  // namespace pgconsent::net
