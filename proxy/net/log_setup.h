// The process's log: spdlog to stderr, one line each, whatever a message holds.
#pragma once

#include "proxy/config/config.h"

namespace pgconsent::net {

void set_up_log();
void set_log_level(config::LogLevel level);

}  // namespace pgconsent::net
