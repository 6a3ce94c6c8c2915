#include "parser/reach/into_targets.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace pgconsent::parser {

std::vector<Token> without_targets(const std::vector<Token>& tokens) {
  std::vector<Token> out;
  const auto is_name = [&](std::size_t i) { return i < tokens.size() && !tokens[i].text.empty(); };
  const auto symbol = [&](std::size_t i) { return i < tokens.size() ? tokens[i].symbol : '\0'; };
  const auto is_keyword = [](const Token& token, std::initializer_list<std::string_view> words) {
    return token.kind == TokenKind::keyword &&
           std::find(words.begin(), words.end(), token.text) != words.end();
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool names_table = out.empty() || is_keyword(out.back(), {"insert", "merge"});
    if (!is_keyword(tokens[i], {"into"}) || names_table) {
      out.push_back(tokens[i]);
      continue;
    }
    if (i + 1 < tokens.size() && tokens[i + 1].text == "strict") ++i;
    for (;; ++i) {
      ++i;
      for (int parts = 1; parts < 3 && symbol(i + 1) == '.' && is_name(i + 2); ++parts) i += 2;
      if (symbol(i + 1) != ',') break;
    }
  }
  return out;
}

}  // namespace pgconsent::parser
