// What would make the server read a text differently from the analysis: string syntax and client encoding.
#pragma once

#include <string_view>

namespace pgconsent::session {

// As the server reads booleans (parse_bool): unambiguous prefixes, case ignored. Null-like: neither.
enum class Boolean { yes, no, invalid };
Boolean parse_boolean(std::string_view text);

// Does the meaning of the text depend on string syntax or encoding? No quotes, backslashes or high bytes: it
// doesn't.
bool depends_on_dialect(std::string_view text);

// COPY … FROM STDIN changes who talks, so that such texts must be noticed: does the text hold the word at
// all?
bool may_copy(std::string_view text);
// Likewise for a text of one statement, of which only the beginning counts.
bool may_be_copy(std::string_view text);

}  // namespace pgconsent::session
