#include "proxy/enforce/plpgsql_assignments.h"

#include <algorithm>
#include <vector>

#include "parser/tree/scanner.h"

namespace pgconsent::enforce {

namespace {

using parser::Token;
using parser::TokenKind;

template <std::size_t N>
bool is_one_of(const Token& token, const std::string_view (&words)[N]) {
  return !token.text.empty() && std::find(std::begin(words), std::end(words), token.text) != std::end(words);
}

class Body {
 public:
  Body(const std::string& text, const std::vector<Token>& tokens) : text_(text), tokens_(tokens) {}

  std::size_t size() const { return tokens_.size(); }
  const Token& operator[](std::size_t i) const { return tokens_[i]; }
  bool is(std::size_t i, std::string_view word) const { return i < size() && tokens_[i].text == word; }
  bool symbol(std::size_t i, char c) const { return i < size() && tokens_[i].symbol == c; }

  // One past `NEW.field[1].part`, which begins at `i`.
  std::size_t after_name(std::size_t i) const {
    ++i;
    while (true) {
      if (symbol(i, '.') && i + 1 < size()) {
        i += 2;
      } else if (symbol(i, '[')) {
        int depth = 0;
        do {
          depth += symbol(i, '[') ? 1 : symbol(i, ']') ? -1 : 0;
          ++i;
        } while (depth > 0 && i < size());
      } else {
        return i;
      }
    }
  }

  // The first token of the name that `i` belongs to.
  std::size_t before_name(std::size_t i) const {
    while (i >= 2 && symbol(i - 1, '.')) i -= 2;
    return i;
  }

  bool begins_statement(std::size_t i) const {
    static constexpr std::string_view before[] = {"then", "else", "loop", "begin"};
    if (i == 0 || symbol(i - 1, ';') || is_one_of(tokens_[i - 1], before)) return true;
    return spelled(i - 1, ">>");  // a label
  }

  bool is_assigned(std::size_t first) const {
    const std::size_t begin = before_name(first), end = after_name(first);
    if (spelled(end, ":=")) return true;
    if (symbol(end, '=') && begins_statement(begin)) return true;
    return is_filled(begin) || may_write_arguments(begin);
  }

  // INTO [STRICT] a, b.c, NEW.d; FOR a, NEW.d IN …; ALIAS FOR NEW
  bool is_filled(std::size_t i) const {
    static constexpr std::string_view before[] = {"strict", "into", "for", "foreach"};
    while (i > 0) {
      if (is_one_of(tokens_[i - 1], before)) return true;
      if (!symbol(i - 1, ',') || i < 2) return false;
      std::size_t at = i - 2;
      if (tokens_[at].kind != TokenKind::identifier && tokens_[at].kind != TokenKind::keyword) return false;
      i = before_name(at);
    }
    return false;
  }

  // CALL p(NEW.x), GET DIAGNOSTICS NEW.x = …, FETCH c INTO …
  bool may_write_arguments(std::size_t i) const {
    static constexpr std::string_view words[] = {"call", "get", "fetch"};
    for (std::size_t at = i; at > 0 && !begins_statement(at);) {
      if (is_one_of(tokens_[--at], words)) return true;
    }
    return false;
  }

  // RETURN NEW; RETURN COALESCE(NEW, OLD);
  bool returns_a_row_as_it_is(std::size_t i) const {
    static constexpr std::string_view words[] = {"new", "old", "null", "coalesce"};
    for (++i; i < size() && !symbol(i, ';'); ++i) {
      const bool bracket = symbol(i, '(') || symbol(i, ')') || symbol(i, ',');
      if (!bracket && !is_one_of(tokens_[i], words)) return false;
    }
    return true;
  }

 private:
  bool spelled(std::size_t i, std::string_view what) const {
    return i < size() && text_.compare(tokens_[i].start, tokens_[i].end - tokens_[i].start, what) == 0;
  }

  const std::string& text_;
  const std::vector<Token>& tokens_;
};

}  // namespace

std::string assigned_field(const std::string& body, const std::function<bool(std::string_view)>& decides) {
  const auto tokens = parser::scan(body);
  if (!tokens) return "*";
  const Body code(body, *tokens);
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (code[i].kind == TokenKind::unicode_identifier) return "*";
    if (code.is(i, "return") && !code.returns_a_row_as_it_is(i)) return "*";
    if (!code.is(i, "new")) continue;
    const bool field = code.symbol(i + 1, '.') && i + 2 < code.size();
    if (field && !decides(code[i + 2].text)) continue;
    if (code.is_assigned(i)) return field ? code[i + 2].text : "*";
  }
  return {};
}

}  // namespace pgconsent::enforce
