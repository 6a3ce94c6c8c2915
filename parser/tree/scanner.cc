#include "parser/tree/scanner.h"

#include <algorithm>
#include <cctype>

#include "parser/tree/server_nodes.h"

extern "C" {
#include <parser/gramparse.h>
}

namespace pgconsent::parser {

namespace {

// libpg_query returns comments as tokens of its own, numbered after the core scanner's.
constexpr int sql_comment = 275;
constexpr int c_comment = 276;

std::int32_t skip_digits(const std::string& text, std::int32_t at) {
  while (at < static_cast<std::int32_t>(text.size()) && std::isdigit(static_cast<unsigned char>(text[at])))
    ++at;
  return at;
}

// libpg_query's scanner keeps the end of identifiers and strings in a field that the server's header lacks;
// it lies in the struct's tail padding.
struct Extra {
  core_yy_extra_type core;
  std::int32_t token_end() const {
    std::int32_t end;
    std::memcpy(&end, reinterpret_cast<const char*>(&core) + sizeof(core) - sizeof(end), sizeof(end));
    return end;
  }
};
static_assert(sizeof(core_yy_extra_type) == 88, "libpg_query 15-4.0.0 keeps yyllocend at offset 84");

Token make_token(int code, const core_YYSTYPE& value, std::int32_t start, const std::string& text,
                 const Extra& extra) {
  Token token{TokenKind::punctuation, start, start + 1, {}, 0};
  switch (code) {
    case IDENT:
    case UIDENT:
      token.kind = code == IDENT ? TokenKind::identifier : TokenKind::unicode_identifier;
      token.end = extra.token_end();
      token.text = value.str;
      break;
    case SCONST:
    case USCONST:
    case BCONST:
    case XCONST:
      token.kind = TokenKind::constant;
      token.end = extra.token_end();
      break;
    case FCONST:
      token.kind = TokenKind::constant;
      token.end = start + static_cast<std::int32_t>(std::strlen(value.str));
      break;
    case ICONST:
      token.kind = TokenKind::constant;
      token.end = skip_digits(text, start);
      break;
    case PARAM:
      token.kind = TokenKind::parameter;
      token.end = skip_digits(text, start + 1);
      break;
    case Op:
      token.kind = TokenKind::op;
      token.end = start + static_cast<std::int32_t>(std::strlen(value.str));
      break;
    case LESS_EQUALS:
    case GREATER_EQUALS:
    case NOT_EQUALS:
      token.kind = TokenKind::op;
      token.end = start + 2;
      break;
    case TYPECAST:
    case DOT_DOT:
    case COLON_EQUALS:
    case EQUALS_GREATER:
      token.end = start + 2;
      break;
    default:
      if (code > c_comment) {
        token.kind = TokenKind::keyword;
        token.text = value.keyword;
        // N'…' is the keyword NCHAR and a string: nothing but the N stands there.
        const bool abbreviated = token.text == "nchar" && text[start + 1] == '\'';
        if (!abbreviated) token.end = start + static_cast<std::int32_t>(token.text.size());
      } else {
        token.symbol = static_cast<char>(code);
        if (std::strchr("+-*/%^<>=", code) != nullptr) token.kind = TokenKind::op;
      }
  }
  return token;
}

bool scans(const std::string& text) {
  PgQueryScanResult result = pg_query_scan(text.c_str());
  bool ok = result.error == nullptr;
  pg_query_free_scan_result(result);
  return ok;
}

}  // namespace

std::vector<Token> scan_parsed(const std::string& text) {
  std::vector<Token> tokens;
  tokens.reserve(text.size() / 4 + 4);
  MemoryContext context = pg_query_enter_memory_context();
  Extra extra{};
  core_yyscan_t scanner = scanner_init(text.c_str(), &extra.core, &ScanKeywords, ScanKeywordTokens);
  core_YYSTYPE value{};
  int location = 0;
  while (int code = core_yylex(&value, &location, scanner)) {
    if (code == sql_comment || code == c_comment) continue;
    tokens.push_back(make_token(code, value, location, text, extra));
  }
  pg_query_exit_memory_context(context);
  return tokens;
}

std::optional<std::vector<Token>> scan(const std::string& text) {
  // An error inside core_yylex has nowhere to go; libpg_query's own entry point tells first.
  if (!scans(text)) return std::nullopt;
  return scan_parsed(text);
}

std::vector<TextRange> comments(const std::string& text) {
  std::vector<TextRange> found;
  MemoryContext context = pg_query_enter_memory_context();
  Extra extra{};
  core_yyscan_t scanner = scanner_init(text.c_str(), &extra.core, &ScanKeywords, ScanKeywordTokens);
  core_YYSTYPE value{};
  int location = 0;
  while (int code = core_yylex(&value, &location, scanner)) {
    if (code == c_comment) found.push_back({location, extra.token_end()});
    if (code == sql_comment) {  // its end is not kept
      const std::size_t end = text.find_first_of("\r\n", location);
      found.push_back({location, static_cast<std::int32_t>(std::min(end, text.size()))});
    }
  }
  pg_query_exit_memory_context(context);
  return found;
}

}  // namespace pgconsent::parser
