// Numbers as Prometheus reads them (text exposition format 0.0.4).
#pragma once

#include <string>

#include "proxy/admin/numbers.h"

namespace pgconsent::admin {

inline constexpr const char* metrics_type = "text/plain; version=0.0.4; charset=utf-8";

std::string to_metrics(const Numbers& numbers);

}  // namespace pgconsent::admin
