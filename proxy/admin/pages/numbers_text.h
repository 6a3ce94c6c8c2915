// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace pgconsent::pages {

std::string grouped(std::int64_t number);                    // 1 234 567, with narrow spaces
std::string percent(std::int64_t part, std::int64_t whole);  // 12.3 %; a dash without a whole
std::string duration_text(std::int64_t microseconds);        // 850 µs, 1.2 ms, 3.4 s
std::int64_t round_up_nicely(std::int64_t number);           // to 1, 2 or 5 times a power of ten

}  // namespace pgconsent::pages
