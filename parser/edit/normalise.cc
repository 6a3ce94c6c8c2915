#include "parser/edit/normalise.h"

namespace pgconsent::parser {

std::string normalise(const std::string& text, const TokenIndex& tokens, std::int32_t start, std::int32_t end,
                      const std::function<bool(std::string_view)>& is_name) {
  std::string out;
  std::int32_t behind = -1;
  for (int i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.start < start || token.end > end) continue;
    if (behind >= 0 && token.start > behind) out.push_back(' ');
    behind = token.end;
    switch (token.kind) {
      case TokenKind::constant:
        out.push_back('?');
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
