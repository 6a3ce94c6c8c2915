#include "proxy/admin/pages/guard.h"

#include <algorithm>

namespace pgconsent::pages {

namespace {

constexpr const char* content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'";

}  // namespace

void add_protection(Reply& reply, bool secure) {
  auto& headers = reply.headers;
  const bool kept =
      std::any_of(headers.begin(), headers.end(), [](const auto& h) { return h.first == "Cache-Control"; });
  if (!kept) headers.emplace_back("Cache-Control", "no-store");
  headers.emplace_back("Content-Security-Policy", content_policy);
  headers.emplace_back("X-Content-Type-Options", "nosniff");
  headers.emplace_back("X-Frame-Options", "DENY");
  headers.emplace_back("Referrer-Policy", "same-origin");
  headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  headers.emplace_back("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
  if (secure) headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
}

std::string cookie(std::string_view name, std::string_view value, bool secure) {
  std::string out = std::string(name) + "=" + std::string(value) + "; Path=/; HttpOnly; SameSite=Strict";
  if (secure) out += "; Secure";
  if (value.empty()) out += "; Max-Age=0";
  return out;
}

std::string session_cookie_name(bool secure) {
  return secure ? "__Host-pgconsent" : "pgconsent";
}
std::string sign_in_cookie_name(bool secure) {
  return secure ? "__Host-pgconsent-sign-in" : "pgconsent-sign-in";
}

bool is_foreign(const Request& request) {
  if (!request.fetch_site.empty() && request.fetch_site != "same-origin") return true;
  if (request.origin.empty()) return false;
  return request.origin != (request.secure ? "https://" : "http://") + request.host;
}

bool is_own_host(const Request& request) {
  if (request.secure) return true;
  std::string_view host = request.host;
  if (host.starts_with('[')) {
    host = host.substr(0, host.find(']') + 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

std::string safe_next(std::string_view given) {
  const bool own = given.starts_with('/') && !given.starts_with("//") && given.size() < 2000 &&
                   std::all_of(given.begin(), given.end(),
                               [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '\\' && c != '"'; });
  return own ? std::string(given) : "/overview";
}

}  // namespace pgconsent::pages
