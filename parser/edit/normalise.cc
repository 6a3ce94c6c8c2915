#include "parser/edit/normalise.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string_view>

namespace pgconsent::parser {

namespace {

// 0 when there is none.
std::uint32_t highest_parameter(const std::string& text, const TokenIndex& tokens, std::int32_t start,
                                std::int32_t end) {
  std::uint32_t highest = 0;
  for (int i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.kind != TokenKind::parameter || token.start < start || token.end > end) continue;
    std::uint32_t number = 0;
    std::from_chars(text.data() + token.start + 1, text.data() + token.end, number);
    highest = std::max(highest, number);
  }
  return highest;
}

// Values of settings may be bare words: SET name TO word, also as a part of ALTER.
class SettingValues {
 public:
  bool holds(const Token& token) {
    const bool first = step_ == Step::begin;
    if (first) step_ = token.text == "set" || token.text == "alter" ? Step::set : Step::none;
    if (step_ == Step::set && token.text == "set") step_ = Step::value;
    if (step_ == Step::values) return is_word(token);
    if (step_ == Step::value && (token.text == "to" || token.symbol == '=')) step_ = Step::values;
    return false;
  }

 private:
  enum class Step { begin, none, set, value, values };
  static bool is_word(const Token& token) {
    static constexpr std::string_view kept[] = {"default", "on", "true", "false"};
    const bool word = token.kind == TokenKind::identifier || token.kind == TokenKind::unicode_identifier ||
                      token.kind == TokenKind::keyword;
    return word && std::find(std::begin(kept), std::end(kept), token.text) == std::end(kept);
  }
  Step step_ = Step::begin;
};

}  // namespace

std::string normalise(const std::string& text, const TokenIndex& tokens, std::int32_t start, std::int32_t end,
                      const std::function<bool(std::string_view)>& is_name) {
  std::string out;
  std::uint32_t constants = highest_parameter(text, tokens, start, end);
  std::int32_t behind = -1;
  bool word_before = false;
  SettingValues settings;
  for (int i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.start < start || token.end > end) continue;
    const bool word = token.kind != TokenKind::op && token.kind != TokenKind::punctuation;
    if (behind >= 0 && (token.start > behind || (word && word_before))) out.push_back(' ');
    behind = token.end;
    word_before = word;
    if (settings.holds(token)) {
      out.append("$").append(std::to_string(++constants));
      continue;
    }
    switch (token.kind) {
      case TokenKind::constant:
        out.append("$").append(std::to_string(++constants));
        break;
      case TokenKind::unicode_identifier:
        out += "\"?\"";
        break;
      case TokenKind::identifier:
        if (text[token.start] == '"' && !is_name(token.text)) {
          out += "\"?\"";
          break;
        }
        [[fallthrough]];
      case TokenKind::keyword:
      case TokenKind::parameter:
      case TokenKind::op:
      case TokenKind::punctuation:
        out.append(text, token.start, token.end - token.start);
        break;
    }
  }
  return out;
}

std::string fingerprint(std::string_view normalised) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (char c : normalised) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  std::string hex(16, '0');
  for (int i = 15; i >= 0; --i, hash >>= 4) hex[i] = "0123456789abcdef"[hash & 15];
  return hex;
}

}  // namespace pgconsent::parser
