#include "parser/reach/row_use.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "parser/reach/body_text.h"

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
  Uses(const std::string& body, const std::vector<Token>& tokens) : text_(body, tokens) {}

  bool any_whole() {
    find_records();
    for (std::size_t i = 0; i < text_.size(); ++i) {
      if (is_row(i) && !names_column(i) && !is_harmless(i)) return true;
      if (word(i) == "return" && !returns_row(i + 1)) return true;
      if (is_populate(word(i)) && is(i + 1, "(") && is_row(i + 2) && !populates_constants(i + 2)) return true;
      if (is(i, "#=") && is_row_before(i) && !names_constants(i + 1, end_of_term(i + 1))) return true;
    }
    return false;
  }

 private:
  std::string_view word(std::size_t i) const { return text_.word(i); }
  bool is(std::size_t i, std::string_view text) const { return text_.is(i, text); }
  bool is_row(std::size_t i) const {
    return word(i) == "new" || word(i) == "old" || records_.contains(word(i));
  }
  bool has_star(std::size_t i) const { return is(i + 1, ".") && is(i + 2, "*"); }
  bool names_column(std::size_t i) const {
    return (is(i + 1, ".") && !is(i + 2, "*")) || (i > 0 && is(i - 1, "."));
  }

  // `r record;` and, in some place, `r := NEW`: all other uses are judged like those of NEW.
  void find_records() {
    std::set<std::string_view> declared, others;
    bool declares = false;
    for (std::size_t i = 0; i + 2 < text_.size(); ++i) {
      if (word(i) == "declare") declares = true;
      if (word(i) == "begin") declares = false;
      if (!declares || !(is(i, ";") || word(i) == "declare")) continue;
      const bool record = word(i + 2) == "record" && (is(i + 3, ";") || is_comparison(i + 3));
      if (!record || !declared.insert(word(i + 1)).second) others.insert(word(i + 1));
    }
    std::set<std::string_view> records;
    for (std::size_t i = 1; i < text_.size(); ++i) {
      const bool given = is_comparison(i) && (word(i + 1) == "new" || word(i + 1) == "old") && is(i + 2, ";");
      if (given && declared.contains(word(i - 1)) && !others.contains(word(i - 1)))
        records.insert(word(i - 1));
    }
    records_ = std::move(records);
  }

  // Behind NEW, NEW.*, ROW(NEW.*).
  bool is_row_before(std::size_t i) const {
    if (i > 5 && is(i - 1, ")") && word(i - 6) == "row") --i;
    return i > 0 && (is_row(i - 1) || (i > 2 && is(i - 1, "*") && is(i - 2, ".") && is_row(i - 3)));
  }
  bool is_row_behind(std::size_t i) const { return is_row(word(i) == "row" && is(i + 1, "(") ? i + 2 : i); }
  bool is_comparison(std::size_t i) const { return is(i, "=") || is(i, ":=") || is(i, "<>") || is(i, "!="); }

  bool is_harmless(std::size_t i) const {
    std::size_t first = i, behind = has_star(i) ? i + 3 : i + 1;
    const std::size_t function = function_around(i);
    const std::string_view name = word(function);
    if (takes_names_along(name) || name.ends_with("_build_object")) return is(behind, ",") || is(behind, ")");
    if (is_populate(name)) {
      const std::size_t end = text_.end_of(i, ")");
      return i == function + 2 && is(behind, ",") && stays_a_row(begin_of_name(function), end + 1);
    }
    if (name == "coalesce") return !has_star(i) && function > 0 && returns_row(function);
    if (name == "row" && has_star(i) && function + 2 == i && is(behind, ")")) {
      first = function;
      ++behind;
    }
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
    if (is(behind, "#=")) return stays_a_row(first, end_of_term(behind + 1));
    if (declares(i)) return true;
    if (!is_comparison(behind)) return false;
    const std::size_t value = behind + 1;
    return is_row_behind(value) || is_populate_of_row(value);
  }

  // r record;
  bool declares(std::size_t i) const {
    return word(i + 1) == "record" && (is(i - 1, ";") || word(i - 1) == "declare");
  }

  // RETURN …; NEW := …;
  bool stays_a_row(std::size_t begin, std::size_t end) const {
    if (begin == 0 || !is(end, ";")) return false;
    return word(begin - 1) == "return" || (is_comparison(begin - 1) && is_row_before(begin - 1));
  }

  // schema.f
  std::size_t begin_of_name(std::size_t i) const {
    while (i > 1 && is(i - 1, ".")) i -= 2;
    return i;
  }

  // populate_record(NEW, …) or NEW #= …
  bool is_populate_of_row(std::size_t i) const {
    while (is(i + 1, ".")) i += 2;
    return (is_populate(word(i)) && is(i + 1, "(") && is_row(i + 2)) || (is_row(i) && is(i + 1, "#="));
  }

  bool returns_row(std::size_t value) const {
    if (is(value, ";")) return true;
    if ((is_row(value) || word(value) == "null") && is(value + 1, ";")) return true;
    if (word(value) != "coalesce") return is_populate_of_row(value);
    std::size_t i = value + 1;  // its arguments
    do {
      if (!is_row(i + 1) && word(i + 1) != "null") return false;
      i += 2;
    } while (is(i, ","));
    return value > 0 && word(value - 1) == "return" && is(i, ")") && is(i + 1, ";");
  }

  // Of which it is an argument by itself: f(…, NEW
  std::size_t function_around(std::size_t i) const {
    if (i < 2 || !(is(i - 1, "(") || is(i - 1, ","))) return text_.size();
    std::size_t depth = 0;
    for (std::size_t at = i - 1; at > 0; --at) {
      if (is(at, ";")) break;
      if (is(at, ")")) ++depth;
      if (is(at, "(") && depth-- == 0) return at - 1;
    }
    return text_.size();
  }

  // populate_record(row, values)
  bool populates_constants(std::size_t row) const {
    const std::size_t comma = text_.end_of(row, ",");
    const std::size_t end = text_.end_of(comma + 1, ")");
    return is(comma, ",") && is(end, ")") && names_constants(comma + 1, end);
  }

  // f(…)
  std::size_t end_of_term(std::size_t from) const {
    while (is(from + 1, ".")) from += 2;
    return is(from + 1, "(") ? text_.end_of(from + 2, ")") + 1 : from;
  }

  bool is_constant(std::size_t i) const {
    return text_.has_kind(i, TokenKind::constant) && text_.source(i).starts_with('\'') &&
           text_.source(i).find('\\') == std::string_view::npos;
  }

  // Objects with such keys as are written there or are the names of the row's own columns, joined by ||, or
  // less by a constant.
  bool names_constants(std::size_t from, std::size_t end) const {
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

  bool is_object(std::size_t from, std::size_t end) const {
    while (is(from + 1, ".")) from += 2;
    const std::size_t first = from + 2;
    if (takes_names_along(word(from)) && is_row(first) && (has_star(first) ? first + 3 : first + 1) == end)
      return true;
    if (word(from) != "hstore" && !word(from).ends_with("_build_object")) return false;
    for (std::size_t key = first; key < end;) {
      if (!is_constant(key) || !is(key + 1, ",")) return false;
      key = text_.end_of(key + 2, ",");
      if (key < end) ++key;
    }
    return true;
  }

  const BodyText text_;
  std::set<std::string_view> records_;
};

}  // namespace

bool takes_whole_rows(const std::string& body, const std::vector<Token>& tokens) {
  return Uses(body, tokens).any_whole();
}

}  // namespace pgconsent::parser
