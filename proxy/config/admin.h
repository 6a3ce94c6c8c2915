// The section `admin`. Private to proxy/config.
#pragma once

#include "proxy/config/config.h"
#include "proxy/config/section.h"

namespace pgconsent::config {

// If it is there. Reads what `audit` says, which comes first.
void read_admin(const Section& top, Config& config);

}  // namespace pgconsent::config
