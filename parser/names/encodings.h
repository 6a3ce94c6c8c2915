// Client encodings.
#pragma once

#include <string_view>

namespace pgconsent::parser {

// Encodings in which an ASCII byte can be the second byte of a character: SJIS, SHIFT_JIS_2004, BIG5, GBK,
// UHC, GB18030, JOHAB and their aliases. Names are compared as the server does: letters and digits only, case
// ignored.
bool is_unsafe_encoding(std::string_view name);

}  // namespace pgconsent::parser
