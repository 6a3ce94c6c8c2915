#include "proxy/session/dialect.h"

#include <algorithm>
#include <array>
#include <string>

namespace pgconsent::session {

namespace {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool is_prefix(std::string_view text, std::string_view word, std::size_t at_least) {
  return text.size() >= at_least && text.size() <= word.size() && word.substr(0, text.size()) == text;
}

}  // namespace

bool is_unsafe_encoding(std::string_view name) {
  // The server's alias table (encnames.c), of the encodings that are valid for clients only.
  static constexpr std::array<std::string_view, 16> unsafe = {
      "sjis", "mskanji", "shiftjis",   "win932", "windows932", "shiftjis2004", "big5",       "win950",
      "gbk",  "win936",  "windows936", "uhc",    "win949",     "windows949",   "windows950", "gb18030"};
  std::string clean;
  for (const char c : name) {
    const char l = lower(c);
    if ((l >= 'a' && l <= 'z') || (l >= '0' && l <= '9')) clean += l;
  }
  return clean == "johab" || std::find(unsafe.begin(), unsafe.end(), clean) != unsafe.end();
}

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
