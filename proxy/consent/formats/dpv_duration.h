// Private to this folder.
#pragma once

#include <string>
#include <string_view>

namespace pgconsent::consent {

// 2026-01-31T12:00:00Z and P6M (ISO 8601): when that is over. Empty: not such a time or duration. A day that
// a month does not have is its last.
std::string time_after(std::string_view time, std::string_view duration);

}  // namespace pgconsent::consent
