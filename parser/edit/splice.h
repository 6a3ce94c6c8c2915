// Replacing pieces of a statement's text, and knowing afterwards what is generated and where the client's own
// text went.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "parser/tree/scanner.h"

namespace pgconsent::parser {

// One replacement: a byte range of the client's text, and how long its replacement is.
struct TextEdit {
  std::int32_t start = 0, end = 0;
  std::int32_t length = 0;
};

struct SplicedText {
  std::string text;
  std::vector<TextEdit> edits;       // ascending
  std::vector<TextRange> generated;  // where the replacements are in `text`; ascending
};

class Splicer {
 public:
  // Ranges must not overlap; several insertions at one place keep the order of the calls.
  void replace(std::int32_t start, std::int32_t end, std::string text);
  void insert(std::int32_t at, std::string text) { replace(at, at, std::move(text)); }
  bool empty() const { return pieces_.empty(); }
  void append(Splicer other);

  // False when ranges overlap (a bug of the caller: refuse).
  bool apply(const std::string& original, SplicedText& out);

 private:
  struct Piece {
    std::int32_t start, end;
    std::string text;
  };
  std::vector<Piece> pieces_;
};

}  // namespace pgconsent::parser
