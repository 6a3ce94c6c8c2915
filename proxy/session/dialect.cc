#include "proxy/session/dialect.h"

#include <algorithm>
#include <array>
#include <string>

#include "parser/names/ascii.h"

namespace pgconsent::session {

using parser::lower;

namespace {

bool is_prefix(std::string_view text, std::string_view word, std::size_t at_least) {
  return text.size() >= at_least && text.size() <= word.size() && word.substr(0, text.size()) == text;
}

}  // namespace

Boolean parse_boolean(std::string_view text) {
  if (text.size() > 5) return Boolean::invalid;
  std::string word;
  for (const char c : text) word += lower(c);
  if (is_prefix(word, "true", 1) || is_prefix(word, "yes", 1) || word == "on" || word == "1")
    return Boolean::yes;
  if (is_prefix(word, "false", 1) || is_prefix(word, "no", 1) || is_prefix(word, "off", 2) || word == "0") {
    return Boolean::no;
  }
  return Boolean::invalid;
}

bool depends_on_dialect(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x80 || c == '\'' || c == '"' || c == '\\' || c == '$';
  });
}

bool may_copy(std::string_view text) {
  for (std::size_t i = 0; i + 4 <= text.size(); ++i) {
    if (lower(text[i]) == 'c' && lower(text[i + 1]) == 'o' && lower(text[i + 2]) == 'p' &&
        lower(text[i + 3]) == 'y') {
      return true;
    }
  }
  return false;
}

bool may_be_copy(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size() && (text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r'))) ++i;
  if (i == text.size()) return false;
  const char first = lower(text[i]);
  if (first == 'c') return may_copy(text.substr(i, 4));
  return (first == '-' || first == '/' || first == ';') && may_copy(text);  // comments, empty statements
}

}  // namespace pgconsent::session
