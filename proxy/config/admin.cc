#include "proxy/config/admin.h"

namespace pgconsent::config {

namespace {

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

void read_tls(const Section& admin, Config& config) {
  if (!admin.has("tls")) return;
  Section tls = admin.section("tls", {"certificate", "key"});
  tls.require("certificate", "give a PEM file with the certificate and its chain");
  tls.require("key", "give a PEM file with the certificate's private key");
  tls.path("certificate", config.admin_tls.certificate, true);
  tls.path("key", config.admin_tls.key, true);
}

void read_pages(const Section& admin, Config& config) {
  if (!admin.has("pages")) return;
  Section pages = admin.section("pages", {"idle_timeout", "session_timeout"});
  AdminPages& out = config.admin_pages.emplace();
  pages.duration("idle_timeout", out.idle_timeout);
  pages.duration("session_timeout", out.session_timeout);
  if (!config.audit_ship)
    admin.report().error(admin.place("pages"), "`admin.pages` needs the audit database that they show",
                         "write `audit: {ship: {host: …, dbname: …, user: …}}`");
  if (config.admin && !is_loopback(config.admin->host) && !admin.has("tls"))
    admin.report().error(admin.place("pages"),
                         "without TLS `admin.pages` are only served on a loopback address",
                         "add `tls: {certificate: …, key: …}`, or use `address: 127.0.0.1`");
}

}  // namespace

void read_admin(const Section& top, Config& config) {
  if (!top.has("admin")) return;
  Section admin = top.section("admin", {"address", "port", "tls", "pages"});
  config.admin = Endpoint{"127.0.0.1", 6433};
  admin.text("address", config.admin->host);
  std::int64_t port = config.admin->port;
  admin.number("port", 1, 65535, port);
  config.admin->port = static_cast<std::uint16_t>(port);
  if (config.admin->is_unix())
    admin.report().error(admin.place("address"), "`admin.address` must be a name or an IP address");
  read_tls(admin, config);
  read_pages(admin, config);
}

}  // namespace pgconsent::config
