#include "parser/reach/row_use.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace pgconsent::parser {

namespace {

using namespace std::string_view_literals;

bool is_populate(std::string_view word) {
  return word.ends_with("populate_record") || word.ends_with("populate_recordset");
}

// Their names go along with the values.
bool takes_names_along(std::string_view word) {
  static constexpr std::array all = {"hstore"sv, "row_to_json"sv, "to_json"sv, "to_jsonb"sv};
  return std::find(all.begin(), all.end(), word) != all.end();
}

class Uses {
 public:
  Uses(const std::string& body, const std::vector<Token>& tokens) : body_(body), tokens_(tokens) {}

  RowUse find() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      out_.runs_any |= word(i) == "execute" || tokens_[i].kind == TokenKind::unicode_identifier;
      if (is_row(i)) note_row(i);
      out_.by_position |= word(i) == "return" && !returns_row(i + 1);
      if (is_populate(word(i)) && is(i + 1, "(")) note_values(i + 2);
      if (is(i, "#=") && !names_constants(i + 1, end_of_term(i + 1))) fill(is_row_before(i));
    }
    return out_;
  }

 private:
  std::string_view word(std::size_t i) const {
    return i < tokens_.size() ? std::string_view(tokens_[i].text) : ""sv;
  }
  std::string_view source(std::size_t i) const {
    if (i >= tokens_.size()) return {};
    return std::string_view(body_).substr(tokens_[i].start, tokens_[i].end - tokens_[i].start);
  }
  bool is(std::size_t i, std::string_view text) const { return source(i) == text; }
  bool is_row(std::size_t i) const { return word(i) == "new" || word(i) == "old"; }
  bool has_star(std::size_t i) const { return is(i + 1, ".") && is(i + 2, "*"); }
  // Behind NEW, NEW.*, ROW(NEW.*).
  bool is_row_before(std::size_t i) const {
    if (i > 5 && is(i - 1, ")") && word(i - 6) == "row") --i;
    return i > 0 && (is_row(i - 1) || (i > 2 && is(i - 1, "*") && is(i - 2, ".") && is_row(i - 3)));
  }
  bool is_row_behind(std::size_t i) const { return is_row(word(i) == "row" && is(i + 1, "(") ? i + 2 : i); }
  bool is_comparison(std::size_t i) const { return is(i, "=") || is(i, ":=") || is(i, "<>") || is(i, "!="); }

  void note_row(std::size_t i) {
    if (is(i + 1, ".") && i + 2 < tokens_.size() && !is(i + 2, "*")) return;
    if (is_harmless(i)) return;
    out_.by_position = true;
    const bool in_brackets = is(i + 1, ")") && is(i + 2, ".") && is(i + 3, "*");
    if (!has_star(i) && !in_brackets) out_.fills_own = true;
  }

  bool is_harmless(std::size_t i) const {
    std::size_t first = i, behind = has_star(i) ? i + 3 : i + 1;
    const std::size_t function = function_around(i);
    const std::string_view name = word(function);
    if (takes_names_along(name) || is_populate(name) || name.ends_with("_build_object"))
      return is(behind, ",") || is(behind, ")");
    if (name == "coalesce" && !has_star(i) && function > 0) {
      return word(function - 1) == "return" && is(end_of(i, ")") + 1, ";");
    }
    if (name == "row" && has_star(i) && function + 2 == i && is(behind, ")")) {
      first = function;
      ++behind;
    }
    if (first == 0) return false;
    if (word(first - 1) == "return" && is(behind, ";")) return true;
    if (word(behind) == "is") {
      std::size_t what = behind + 1;
      if (word(what) == "not") ++what;
      return word(what) == "null" ||
             (word(what) == "distinct" && word(what + 1) == "from" && is_row_behind(what + 2));
    }
    if (first > 3 && word(first - 1) == "from" && word(first - 2) == "distinct")
      return is_row_before(word(first - 3) == "not" ? first - 4 : first - 3);
    if (is_comparison(first - 1) && is_row_before(first - 1)) return true;
    if (is(behind, "#=")) return true;
    if (!is_comparison(behind)) return false;
    std::size_t value = behind + 1;
    if (is_row_behind(value)) return true;
    while (is(value + 1, ".")) value += 2;
    return is_populate_of_row(value);
  }

  bool is_populate_of_row(std::size_t i) const {
    return is_populate(word(i)) && is(i + 1, "(") && is_row(i + 2);
  }

  bool returns_row(std::size_t value) const {
    if (is(value, ";") || word(value) == "null" || word(value) == "coalesce" || is_row(value)) return true;
    while (is(value + 1, ".")) value += 2;
    return is_populate_of_row(value);
  }

  // Of which it is an argument by itself: f(…, NEW
  std::size_t function_around(std::size_t i) const {
    if (i < 2 || !(is(i - 1, "(") || is(i - 1, ","))) return tokens_.size();
    std::size_t depth = 0;
    for (std::size_t at = i - 1; at > 0; --at) {
      if (is(at, ";")) break;
      if (is(at, ")")) ++depth;
      if (is(at, "(") && depth-- == 0) return at - 1;
    }
    return tokens_.size();
  }

  void fill(bool own) { (own ? out_.fills_own : out_.fills_named) = true; }

  // populate_record(row, values)
  void note_values(std::size_t first) {
    const std::size_t comma = end_of(first, ",");
    const std::size_t end = end_of(comma + 1, ")");
    if (!is(comma, ",") || !is(end, ")") || !names_constants(comma + 1, end)) fill(is_row(first));
  }

  // Where `what`, or a closing bracket, stands outside of brackets that are opened behind `from`.
  std::size_t end_of(std::size_t from, std::string_view what) const {
    std::size_t depth = 0, i = from;
    for (; i < tokens_.size(); ++i) {
      if (depth == 0 && (is(i, what) || is(i, ")"))) break;
      if (is(i, "(") || is(i, "[")) ++depth;
      if (is(i, ")") || is(i, "]")) --depth;
    }
    return i;
  }

  // f(…)
  std::size_t end_of_term(std::size_t from) const {
    while (is(from + 1, ".")) from += 2;
    return is(from + 1, "(") ? end_of(from + 2, ")") + 1 : from;
  }

  bool is_constant(std::size_t i) const {
    return i < tokens_.size() && tokens_[i].kind == TokenKind::constant && source(i).starts_with('\'') &&
           source(i).find('\\') == std::string_view::npos;
  }

  // Objects with such keys as are written there or are the names of a row's columns, joined by ||, or less by
  // a constant.
  bool names_constants(std::size_t from, std::size_t end) {
    for (;;) {
      const std::size_t behind = end_of_term(from);
      if (behind == from || behind > end || !is_object(from, behind - 1)) return false;
      from = behind;
      while (is(from, "-") && is_constant(from + 1)) from += 2;
      if (from == end) return true;
      if (!is(from, "||")) return false;
      ++from;
    }
  }

  bool is_object(std::size_t from, std::size_t end) {
    while (is(from + 1, ".")) from += 2;
    const std::size_t first = from + 2;
    if (takes_names_along(word(from)) && is_row(first) && (has_star(first) ? first + 3 : first + 1) == end) {
      out_.fills_by_rows = true;
      return true;
    }
    if (word(from) != "hstore" && !word(from).ends_with("_build_object")) return false;
    for (std::size_t key = first; key < end;) {
      if (!is_constant(key) || !is(key + 1, ",")) return false;
      key = end_of(key + 2, ",");
      if (key < end) ++key;
    }
    return true;
  }

  const std::string& body_;
  const std::vector<Token>& tokens_;
  RowUse out_;
};

}  // namespace

RowUse find_row_use(const std::string& body, const std::vector<Token>& tokens) {
  return Uses(body, tokens).find();
}

}  // namespace pgconsent::parser
