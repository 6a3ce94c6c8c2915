#include "proxy/admin/pages/highlight.h"

#include <algorithm>
#include <array>

#include "parser/names/ascii.h"

namespace pgconsent::pages {

using namespace literals;

namespace {

enum class Kind { space, name, quoted, text, parameter, other };

struct Token {
  Kind kind = Kind::other;
  std::string_view text;
};

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool goes_on_name(char c) {
  return begins_name(c) || (c >= '0' && c <= '9') || c == '$';
}

std::size_t closing(std::string_view text, char quote) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] != quote) continue;
    if (i + 1 < text.size() && text[i + 1] == quote) {
      ++i;
    } else {
      return i + 1;
    }
  }
  return text.size();
}

template <typename Is>
std::size_t run_of(std::string_view text, Is is) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is) - text.begin());
}

// The record's text is normalised: no comments, constants are parameters. This need not be more than that.
Token first_token(std::string_view text) {
  const char c = text.front();
  const auto is_space = [](char x) { return x == ' ' || x == '\n' || x == '\t' || x == '\r'; };
  if (is_space(c)) return {Kind::space, text.substr(0, run_of(text, is_space))};
  if (begins_name(c)) return {Kind::name, text.substr(0, run_of(text, goes_on_name))};
  if (c == '"') return {Kind::quoted, text.substr(0, closing(text, '"'))};
  if (c == '\'') return {Kind::text, text.substr(0, closing(text, '\''))};
  if (c == '$') return {Kind::parameter, text.substr(0, 1 + run_of(text.substr(1), goes_on_name))};
  return {Kind::other, text.substr(0, 1)};
}

std::string meaning(const Token& token) {
  if (token.kind != Kind::quoted) return parser::lower(token.text);
  std::string out;
  const std::string_view inner = token.text.substr(1, token.text.size() < 2 ? 0 : token.text.size() - 2);
  for (std::size_t i = 0; i < inner.size(); ++i) {
    out.push_back(inner[i]);
    if (inner[i] == '"') ++i;
  }
  return out;
}

bool is_keyword(std::string_view word) {
  static const std::set<std::string_view> words = {
      "select",    "from",    "where",   "join",   "left",      "right",     "full",     "inner",
      "outer",     "cross",   "on",      "using",  "and",       "or",        "not",      "in",
      "is",        "null",    "like",    "ilike",  "between",   "exists",    "case",     "when",
      "then",      "else",    "end",     "as",     "group",     "by",        "order",    "having",
      "limit",     "offset",  "union",   "all",    "except",    "intersect", "distinct", "with",
      "recursive", "insert",  "into",    "values", "update",    "set",       "delete",   "merge",
      "returning", "copy",    "to",      "create", "alter",     "drop",      "table",    "view",
      "index",     "asc",     "desc",    "over",   "partition", "window",    "for",      "lateral",
      "explain",   "analyze", "declare", "cursor", "fetch",     "execute",   "prepare",  "do",
      "call",      "true",    "false",   "any",    "some",      "cast",      "interval", "nulls",
      "first",     "last",    "begin",   "commit"};
  return words.contains(word);
}

bool is_name(const Token& token) {
  return token.kind == Kind::name || token.kind == Kind::quoted;
}

bool has_one_of(std::string_view statement, const std::set<std::string, std::less<>>& names) {
  while (!statement.empty() && !names.empty()) {
    const Token token = first_token(statement);
    if (is_name(token) && names.contains(meaning(token))) return true;
    statement.remove_prefix(token.text.size());
  }
  return false;
}

// Where in bytes the character at a 1-based position begins; npos beyond the end.
std::size_t byte_of(std::string_view text, int position) {
  int character = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (++character == position) return i;
  }
  return std::string_view::npos;
}

}  // namespace

Html highlight(std::string_view statement, int position, const std::set<std::string, std::less<>>& names) {
  Html html;
  const bool by_name = position <= 0 || has_one_of(statement, names);
  const std::size_t target = by_name ? std::string_view::npos : byte_of(statement, position);
  for (std::size_t at = 0; at < statement.size();) {
    const Token token = first_token(statement.substr(at));
    const bool pointed = target >= at && target < at + token.text.size();
    const std::string word = is_name(token) ? meaning(token) : std::string();
    at += token.text.size();
    if (token.kind != Kind::space && (pointed || (is_name(token) && names.contains(word)))) {
      html << "<mark>"_m << token.text << "</mark>"_m;
    } else if (token.kind == Kind::name && is_keyword(word)) {
      html << "<b>"_m << token.text << "</b>"_m;
    } else if (token.kind == Kind::parameter || token.kind == Kind::text) {
      html << "<i>"_m << token.text << "</i>"_m;
    } else {
      html << token.text;
    }
  }
  return html;
}

std::string last_part(std::string_view name) {
  std::string_view part = name.substr(0, name.find_first_of(" ("));
  if (const std::size_t point = part.rfind('.'); point != part.npos) part.remove_prefix(point + 1);
  return std::string(part);
}

std::set<std::string, std::less<>> names_in(std::string_view reason) {
  std::set<std::string, std::less<>> out;
  while (out.size() < 20) {
    const std::size_t begin = reason.find_first_of("\"`");
    if (begin == reason.npos) break;
    const std::size_t end = reason.find(reason[begin], begin + 1);
    if (end == reason.npos) break;
    if (std::string name = last_part(reason.substr(begin + 1, end - begin - 1)); !name.empty())
      out.insert(std::move(name));
    reason.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace pgconsent::pages
