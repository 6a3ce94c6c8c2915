// The tokens of a statement, by PostgreSQL's own scanner (libpg_query's core_yylex).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgconsent::parser {

enum class TokenKind : std::uint8_t {
  identifier,          // unquoted or quoted, never a keyword; `text` is the folded, unescaped name
  unicode_identifier,  // U&"…", escapes not resolved
  keyword,             // `text` is the lower-case keyword
  constant,            // string, bit string or number
  parameter,           // $1
  op,                  // operator of one or more characters: = <> || ->>
  punctuation,         // ( ) [ ] , ; . : and the two-character :: .. :=
};

struct Token {
  TokenKind kind;
  std::int32_t start = 0;  // byte offset in the text
  std::int32_t end = 0;    // one past the last byte
  std::string text;        // identifiers and keywords only
  char symbol = 0;         // the character of a one-character op or punctuation token, else 0
};

// Comments and white space are skipped. Empty when the text does not scan (unterminated string, …).
// Thread-safe. The text must not hold NUL bytes.
std::optional<std::vector<Token>> scan(const std::string& text);

// The same for a text that is known to scan (it was parsed): faster.
std::vector<Token> scan_parsed(const std::string& text);

struct TextRange {
  std::int32_t start = 0, end = 0;  // bytes
};
// The comments of a text that is known to scan, delimiters included.
std::vector<TextRange> comments(const std::string& text);

}  // namespace pgconsent::parser
