#pragma once

#include <string_view>

namespace pgconsent::rules {

// Well-formed UTF-8 as PostgreSQL takes it: no overlong forms, no surrogates, no NUL.
bool is_valid_utf8(std::string_view text);

// In characters. REQUIRES: is_valid_utf8(text).
std::size_t utf8_length(std::string_view text);

}  // namespace pgconsent::rules
