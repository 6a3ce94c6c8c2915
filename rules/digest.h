#pragma once

#include <string>
#include <string_view>

namespace pgconsent::rules {

// 64 hex digits; empty when the library refuses SHA-256.
std::string sha256_hex(std::string_view text);

}  // namespace pgconsent::rules
