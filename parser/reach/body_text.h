// A body and its tokens, to be looked at by position. Beyond the last token all is empty.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parser/tree/scanner.h"

namespace pgconsent::parser {

class BodyText {
 public:
  BodyText(const std::string& body, const std::vector<Token>& tokens) : body_(body), tokens_(tokens) {}

  std::size_t size() const { return tokens_.size(); }
  bool has_kind(std::size_t i, TokenKind kind) const { return i < size() && tokens_[i].kind == kind; }
  // Of names and keywords.
  std::string_view word(std::size_t i) const { return i < size() ? std::string_view(tokens_[i].text) : ""; }
  std::string_view source(std::size_t i) const {
    if (i >= size()) return {};
    return std::string_view(body_).substr(tokens_[i].start, tokens_[i].end - tokens_[i].start);
  }
  bool is(std::size_t i, std::string_view text) const { return source(i) == text; }
  bool is_word(std::size_t i) const { return !word(i).empty(); }

  // Where `what`, or a closing bracket, stands outside of brackets that are opened behind `from`.
  std::size_t end_of(std::size_t from, std::string_view what) const {
    std::size_t depth = 0, i = from;
    for (; i < size(); ++i) {
      if (depth == 0 && (is(i, what) || is(i, ")"))) break;
      if (is(i, "(") || is(i, "[")) ++depth;
      if (is(i, ")") || is(i, "]")) --depth;
    }
    return i;
  }

 private:
  const std::string& body_;
  const std::vector<Token>& tokens_;
};

}  // namespace pgconsent::parser
