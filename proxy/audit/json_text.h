// JSON strings and numbers appended to a buffer: the hot path of the audit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgconsent::audit {

// "text" with quotes. What is not UTF-8 becomes \xNN (a backslash, x and two hex digits, itself escaped for
// JSON).
void append_json(std::string& out, std::string_view text);
void append_json(std::string& out, const std::vector<std::string>& list);
void append_number(std::string& out, std::uint64_t value);
// `name` as it stands in the text: `,"segment":`.
inline void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name);
  append_json(out, value);
}
inline void append_field(std::string& out, std::string_view name, std::uint64_t value) {
  out.append(name);
  append_number(out, value);
}
// RFC 4648, with padding, without quotes.
void append_base64(std::string& out, std::string_view bytes);

// The length of the well-formed UTF-8 character that `text` begins with (RFC 3629); 0 when it is none.
std::size_t utf8_length(std::string_view text);
// At most `limit` bytes, cut between characters.
std::string_view utf8_prefix(std::string_view text, std::size_t limit);

}  // namespace pgconsent::audit
