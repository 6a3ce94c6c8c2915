#include "parser/names/encodings.h"

#include <algorithm>
#include <string>

#include "parser/names/ascii.h"

namespace pgconsent::parser {

bool is_unsafe_encoding(std::string_view name) {
  // The server's alias table (encnames.c), of the encodings that are valid for clients only.
  static constexpr std::string_view unsafe[] = {
      "sjis",   "mskanji",    "shiftjis", "win932", "windows932", "shiftjis2004", "big5",    "win950", "gbk",
      "win936", "windows936", "uhc",      "win949", "windows949", "windows950",   "gb18030", "johab"};
  std::string clean;
  for (const char c : name) {
    const char l = lower(c);
    if ((l >= 'a' && l <= 'z') || (l >= '0' && l <= '9')) clean += l;
  }
  return std::find(std::begin(unsafe), std::end(unsafe), clean) != std::end(unsafe);
}

}  // namespace pgconsent::parser
