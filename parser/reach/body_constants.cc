#include "parser/reach/body_constants.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "parser/names/ascii.h"
#include "parser/reach/words.h"

namespace pgconsent::parser {

namespace {

// Without quotes and plain escapes; nothing where another escape stands.
std::optional<std::string> text_of(std::string_view source) {
  if (source.starts_with('$')) {
    const std::size_t tag = source.find('$', 1) + 1;
    return std::string(source.substr(tag, source.size() - 2 * tag));
  }
  if (source.starts_with("u&") || source.starts_with("U&")) return std::nullopt;
  const bool escapes = source.starts_with('e') || source.starts_with('E');
  std::string text;
  std::size_t at = source.find('\'');
  for (at = at == source.npos ? source.size() : at + 1; at < source.size(); ++at) {
    char c = source[at];
    if (c == '\'') {
      const bool doubled = source.substr(at + 1).starts_with('\'');
      at = doubled ? at + 1 : source.find('\'', at + 1);  // or continued on the next line
      if (at == source.npos) break;
      if (!doubled) continue;
    } else if (c == '\\' && escapes && at + 1 < source.size()) {
      c = source[++at];
      if (std::string_view("xuU01234567").find(c) != std::string_view::npos) return std::nullopt;
      if (std::string_view("bfnrt").find(c) != std::string_view::npos) c = ' ';
    }
    text.push_back(c);
  }
  return text;
}

// format()'s %I, %s, %L, %1$s, %-10s: what stands around them may be one name.
std::string without_placeholders(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t end = text[at] == '%' ? text.find_first_not_of("0123456789$-*", at + 1) : text.npos;
    const bool is_placeholder = end != text.npos && std::string_view("sIL").find(text[end]) != text.npos;
    out.push_back(is_placeholder ? ' ' : text[at]);
    if (is_placeholder) at = end;
  }
  return out;
}

bool is_sql(const std::vector<std::string>& words) {
  if (words.size() < 2) return false;
  const std::string &verb = words[0], &second = words[1];
  if (verb == "insert" || verb == "merge") return second == "into";
  if (verb == "delete") return second == "from";
  const auto has = [&](const char* word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (verb == "update") return has("set");
  if (verb == "with") return has("as");
  return verb == "select" || verb == "values" || verb == "call" || verb == "copy" || verb == "table";
}

bool runs_text(std::string_view word) {
  return word == "execute" || word.starts_with("dblink") || word.find("_to_xml") != word.npos;
}

// Not what a statement is written with.
bool is_part(const std::string& word, bool is_alone) {
  if (is_alone) return true;
  const auto tokens = scan(word);
  return tokens && tokens->front().kind != TokenKind::keyword;
}

}  // namespace

// Two letters are found everywhere but at the ends.
bool may_hold(std::string_view name, std::string_view part) {
  const std::string folded = lower(name);
  if (part.size() > 2) return folded.find(part) != folded.npos;
  return part.size() == 2 && (folded.starts_with(part) || folded.ends_with(part));
}

BodyConstants find_constants(const std::string& body, const std::vector<Token>& tokens) {
  BodyConstants out;
  for (const Token& token : tokens) {
    out.runs_sql |= runs_text(token.text);
    if (token.kind != TokenKind::constant) continue;
    const auto text = text_of(std::string_view(body).substr(token.start, token.end - token.start));
    out.unreadable |= !text;
    if (!text) continue;
    std::vector<std::string> words;
    for_each_word(without_placeholders(*text), [&](std::string word) { words.push_back(std::move(word)); });
    out.runs_sql |= is_sql(words);
    for (const std::string& word : words) {
      if (is_part(word, words.size() == 1)) out.parts.push_back(word);
    }
    std::move(words.begin(), words.end(), std::back_inserter(out.words));
  }
  return out;
}

}  // namespace pgconsent::parser
