#include "parser/edit/comments.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "parser/tree/scanner.h"

namespace pgconsent::parser {

namespace {

std::string url_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
      out.push_back(static_cast<char>(value));
      i += 2;
    } else if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '\'') {
      out.push_back('\'');
      ++i;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// key='value',key='value': anything else is an ordinary comment.
std::optional<std::string> value_of(std::string_view body, std::string_view wanted) {
  std::optional<std::string> found;
  body = trimmed(body);
  while (!body.empty()) {
    const std::size_t equals = body.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    std::string key = url_decoded(trimmed(body.substr(0, equals)));
    body = trimmed(body.substr(equals + 1));
    if (body.empty() || body.front() != '\'') return std::nullopt;
    std::size_t close = 1;
    while (close < body.size() && body[close] != '\'') close += body[close] == '\\' ? 2 : 1;
    if (close >= body.size()) return std::nullopt;
    if (key == wanted) found = url_decoded(body.substr(1, close - 1));
    body = trimmed(body.substr(close + 1));
    if (body.empty()) break;
    if (body.front() != ',') return std::nullopt;
    body = trimmed(body.substr(1));
  }
  return found;
}

}  // namespace

std::optional<std::string> purpose_in_comment(const std::string& text, bool& conflict) {
  conflict = false;
  if (text.find("/*") == std::string::npos || text.find("purpose") == std::string::npos) return std::nullopt;
  std::optional<std::string> purpose;
  for (const TextRange& range : comments(text)) {
    std::string_view body = std::string_view(text).substr(range.start, range.end - range.start);
    if (!body.starts_with("/*") || body.size() < 4) continue;
    std::optional<std::string> found = value_of(body.substr(2, body.size() - 4), "purpose");
    if (!found) continue;
    if (purpose && *purpose != *found) conflict = true;
    purpose = std::move(found);
  }
  return purpose;
}

std::optional<std::string> without_comments(const std::string& text) {
  if (text.find("/*") == std::string::npos && text.find("--") == std::string::npos) return std::nullopt;
  const auto tokens = scan(text);
  if (!tokens) return std::nullopt;
  // Blank, a comment between two strings would make one of them where a line ends: it is kept.
  auto parts_strings = [&](const TextRange& range) {
    auto next =
        std::find_if(tokens->begin(), tokens->end(), [&](const Token& t) { return t.start >= range.end; });
    return next != tokens->begin() && next != tokens->end() && text[next->start] == '\'' &&
           text[std::prev(next)->end - 1] == '\'';
  };
  std::string blank = text;
  bool any = false;
  for (const TextRange& range : comments(text)) {
    if (text.compare(range.start, 2, "/*") == 0 && parts_strings(range)) continue;
    for (std::int32_t i = range.start; i < range.end && i < static_cast<std::int32_t>(blank.size()); ++i) {
      if (blank[i] != '\n' && blank[i] != '\r') blank[i] = ' ';
    }
    any = true;
  }
  return any ? std::optional(std::move(blank)) : std::nullopt;
}

}  // namespace pgconsent::parser
