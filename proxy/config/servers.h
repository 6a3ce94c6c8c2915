// Sections about servers that the proxy itself connects to. Private to proxy/config.
#pragma once

#include "proxy/config/config.h"
#include "proxy/config/section.h"

namespace pgconsent::config {

// The key `tls` of `section`, if it is there.
void read_server_tls(const Section& section, ServerTls& out);
// The key `ship` of the section `audit`, if it is there.
void read_audit_ship(const Section& audit, Config& config);

}  // namespace pgconsent::config
