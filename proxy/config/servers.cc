#include "proxy/config/servers.h"

namespace pgconsent::config {

void read_server_tls(const Section& section, ServerTls& out) {
  if (!section.has("tls")) return;
  Section tls = section.section("tls", {"mode", "ca"});
  std::size_t mode = 1;
  tls.require("mode", "use `disable`, `prefer`, `require` or `verify-full`");
  tls.choice("mode", {"disable", "prefer", "require", "verify-full"}, mode);
  constexpr ServerTls::Mode modes[] = {ServerTls::Mode::disable, ServerTls::Mode::prefer,
                                       ServerTls::Mode::require, ServerTls::Mode::verify_full};
  out.mode = modes[mode];
  tls.path("ca", out.ca, true);
  if (tls.has("ca") && out.mode != ServerTls::Mode::verify_full) {
    tls.report().error(tls.place("ca"),
                       rules::in_backticks(tls.name("ca")) + " has no effect with this " +
                           rules::in_backticks(tls.name("mode")),
                       "use `mode: verify-full`, or remove `ca`");
  }
}

void read_audit_ship(const Section& audit, Config& config) {
  if (!audit.has("ship")) return;
  Section section = audit.section("ship", {"host", "port", "dbname", "user", "password_file", "tls"});
  AuditShip& ship = config.audit_ship.emplace();
  section.require("dbname", "name the database that the audit log is shipped to");
  section.require("user", "name the role that owns the schema `pgconsent_audit` there");
  section.text("host", ship.server.host);
  std::int64_t port = ship.server.port;
  section.number("port", 1, 65535, port);
  ship.server.port = static_cast<std::uint16_t>(port);
  section.text("dbname", ship.dbname);
  section.text("user", ship.user);
  section.path("password_file", ship.password_file, true);
  read_server_tls(section, ship.tls);
}

}  // namespace pgconsent::config
