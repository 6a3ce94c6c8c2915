// Texts whose letters outside of ASCII stay as they are: names of settings, keywords, encodings.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace pgconsent::parser {

inline bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

}  // namespace pgconsent::parser
