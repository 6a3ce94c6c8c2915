#include "parser/reach/row_copies.h"

#include <algorithm>
#include <array>
#include <span>

#include "parser/names/ascii.h"

namespace pgconsent::parser {

namespace {

using namespace std::string_view_literals;

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

RowCopies find_row_copies(const std::string& body, const std::vector<Token>& tokens,
                          const std::unordered_set<std::string_view>& tables) {
  static constexpr std::array by_name = {"hstore"sv, "row_to_json"sv, "to_json"sv, "to_jsonb"sv};
  static constexpr std::array rows = {"new"sv, "old"sv};
  static constexpr std::array before_tables = {"from"sv,  "join"sv,   "into"sv, "only"sv,
                                               "table"sv, "update"sv, "using"sv};
  const auto word = [&](std::size_t i) {
    return i < tokens.size() ? std::string_view(tokens[i].text) : ""sv;
  };
  const auto symbol = [&](std::size_t i) { return i < tokens.size() ? tokens[i].symbol : '\0'; };
  const auto source = [&](std::size_t i) {
    return std::string_view(body).substr(tokens[i].start, tokens[i].end - tokens[i].start);
  };
  RowCopies out;
  bool dynamic = false, inserts = false;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    dynamic |= word(i) == "execute";
    if (tokens[i].kind == TokenKind::constant) {
      const std::string text = lower(source(i));
      inserts |= text.find("insert") != text.npos || text.find(".*") != text.npos;
    }
    if (i == 0) continue;
    const bool star = symbol(i) == '*';
    if (star && symbol(i - 1) == '.') {
      if (i < 4 || !is_one_of(word(i - 4), by_name))
        (is_one_of(word(i - 2), rows) ? out.own : out.named) = true;
    } else if (star && (symbol(i - 1) == ',' || word(i - 1) == "select" || word(i - 1) == "returning")) {
      out.named = true;
    }
    if (is_one_of(word(i), rows) && symbol(i + 1) != '.' && (source(i - 1) == ":=" || symbol(i - 1) == '='))
      out.own = true;
    if (word(i) == "insert") {  // INTO t (columns), or THEN INSERT (columns)
      std::size_t behind = i + 1;
      if (word(behind) == "into") behind += 2;
      while (symbol(behind) == '.') behind += 2;
      const std::string_view next = word(behind + 1);
      const bool query = next == "select" || next == "values" || next == "with" || next == "table";
      out.named |= symbol(behind) != '(' || query;
    }
    out.named |= word(i) == "rowtype";
    if (tokens[i].kind != TokenKind::identifier || symbol(i + 1) == '.') continue;
    std::size_t first = i;
    while (first > 1 && symbol(first - 1) == '.') first -= 2;
    const bool typed =
        first > 0 && (source(first - 1) == "::" ||
                      (!word(first - 1).empty() && !is_one_of(word(first - 1), before_tables)));
    out.named |= typed && tables.contains(word(i));
  }
  out.any = dynamic && inserts;
  return out;
}

}  // namespace pgconsent::parser
