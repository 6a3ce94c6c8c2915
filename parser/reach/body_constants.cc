#include "parser/reach/body_constants.h"

#include <algorithm>
#include <optional>

#include "parser/names/ascii.h"
#include "parser/reach/words.h"

namespace pgconsent::parser {

namespace {

constexpr char placeholder = '\1';
constexpr std::size_t shortest_fragment = 3;

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

// format()'s %I, %s, %L, %1$s, %-10s
std::string mark_placeholders(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t end = text[at] == '%' ? text.find_first_not_of("0123456789$-*", at + 1) : text.npos;
    const bool is_placeholder = end != text.npos && std::string_view("sIL").find(text[end]) != text.npos;
    out.push_back(is_placeholder ? placeholder : text[at]);
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

void add_fragments(const std::string& text, bool joined_before, bool joined_behind,
                   std::vector<NameFragment>& out) {
  for_each_word_at(text, [&](std::string word, std::size_t begin) {
    const std::size_t end = begin + word.size();
    const bool before = begin == 0 ? joined_before || word.starts_with('_') : text[begin - 1] == placeholder;
    const bool behind = end == text.size() ? joined_behind || word.ends_with('_') : text[end] == placeholder;
    if (word.size() >= shortest_fragment && (before || behind))
      out.push_back({std::move(word), before, behind});
  });
}

}  // namespace

bool NameFragment::fits(std::string_view name) const {
  const std::string folded = lower(name);
  if (open_before && open_behind) return folded.find(text) != folded.npos;
  return open_before ? folded.ends_with(text) : folded.starts_with(text);
}

BodyConstants find_constants(const std::string& body, const std::vector<Token>& tokens) {
  BodyConstants out;
  const auto source = [&](std::size_t i) {
    return i < tokens.size() ? std::string_view(body).substr(tokens[i].start, tokens[i].end - tokens[i].start)
                             : std::string_view();
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    out.runs_sql |= runs_text(tokens[i].text);
    if (tokens[i].kind != TokenKind::constant) continue;
    const std::optional<std::string> read = text_of(source(i));
    out.unreadable |= !read;
    if (!read) continue;
    const std::string text = mark_placeholders(*read);
    std::vector<std::string> words;
    for_each_word(text, [&](std::string word) { words.push_back(std::move(word)); });
    out.runs_sql |= is_sql(words);
    out.words.insert(out.words.end(), words.begin(), words.end());
    add_fragments(text, i > 0 && source(i - 1) == "||", source(i + 1) == "||", out.fragments);
  }
  return out;
}

}  // namespace pgconsent::parser
