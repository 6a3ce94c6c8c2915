#include "parser/reach/table_use.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "parser/reach/body_text.h"

namespace pgconsent::parser {

namespace {

using namespace std::string_view_literals;
using Words = std::span<const std::string_view>;

bool is_one_of(std::string_view word, Words words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Behind them a table's name stands.
constexpr std::string_view before_tables[] = {"from",  "join", "update",   "only",       "into", "using",
                                              "table", "copy", "truncate", "references", "lock", "exists"};
// They end FROM's list.
constexpr std::string_view behind_from[] = {"select",    "where", "group",  "order",     "having", "limit",
                                            "offset",    "union", "except", "intersect", "window", "set",
                                            "returning", "loop",  "for",    "fetch",     "values"};
// No aliases.
constexpr std::string_view behind_tables[] = {
    "where",  "join",  "left",   "right",     "inner",   "full",   "cross",     "natural",    "on",
    "using",  "set",   "values", "select",    "default", "order",  "group",     "having",     "limit",
    "offset", "fetch", "for",    "returning", "union",   "except", "intersect", "window",     "when",
    "then",   "and",   "or",     "with",      "is",      "loop",   "do",        "overriding", "tablesample",
    "in",     "end",   "from",   "to",        "into",    "table",  "else"};
constexpr std::string_view operands[] = {"case",  "cast",    "coalesce", "nullif", "greatest", "least",
                                         "null",  "extract", "interval", "array",  "value",    "year",
                                         "month", "day",     "hour",     "minute", "second"};
constexpr std::string_view no_operands[] = {"select", "all", "distinct", "returning", "by"};
constexpr std::string_view before_definitions[] = {"create", "alter",     "drop",     "lock",   "truncate",
                                                   "temp",   "temporary", "unlogged", "foreign"};

enum class Place { expression, columns, rows, type, target };

class Tables {
 public:
  Tables(const std::string& body, const std::vector<Token>& tokens, const RelationsByName& known)
      : text_(body, tokens), known_(known) {}

  std::vector<NamedTable> find() {
    read_brackets();
    for (std::size_t i = 0; i < text_.size(); ++i) {
      star_ |= (text_.is(i, "*") && expands(i)) || text_.word(i) == "natural" || merges_whole_row(i) ||
               (text_.word(i) == "excluded" && !text_.is(i + 1, "."));
      if (auto found = known_.find(text_.word(i)); found != known_.end()) note(i, found->second);
    }
    for (std::size_t i = 0; i < text_.size(); ++i) {
      auto name = aliases_.find(text_.word(i));
      if (name != aliases_.end() && !placed_.contains(i) && takes_row(i))
        whole_.insert(name->second.begin(), name->second.end());
    }
    for (auto& [relation, table] : tables_) table.whole = star_ || whole_.contains(relation->name);
    std::vector<NamedTable> out;
    for (auto& [relation, table] : tables_) out.push_back(table);
    return out;
  }

 private:
  // Is a token in FROM's list, in CAST( … ), between DECLARE and BEGIN; in FROM (a JOIN b …)?
  struct Around {
    bool from = false, cast = false, declares = false, join = false;
  };

  void read_brackets() {
    std::vector<Around> open(1);
    bool declares = false;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const std::string_view word = text_.word(i);
      if (word == "declare") declares = true;
      if (word == "begin") declares = false;
      open.back().declares = declares;
      if ((word == "from" && !is_distinct(i)) || word == "join" || (word == "using" && !lists_columns(i + 1)))
        open.back().from = true;
      if (is_one_of(word, behind_from) && !is_quoted(i) && !text_.is(i - 1, ".")) open.back().from = false;
      if (text_.is(i, ";")) open.assign(1, Around{false, false, declares});
      around_.push_back(open.back());
      if (text_.is(i, "(")) {
        const bool from = opens_tables(i, open.back());
        open.push_back({from, text_.word(i - 1) == "cast", declares, from && !is_query(i + 1)});
      } else if (text_.is(i, ")") && open.size() > 1) {
        star_ |= open.back().join && has_alias(i + 1);  // it stands for all that is joined
        open.pop_back();
      }
    }
  }

  bool has_alias(std::size_t i) const {
    return text_.is_word(i) && (is_quoted(i) || !is_one_of(text_.word(i), behind_tables));
  }

  // A name, whatever word it is.
  bool is_quoted(std::size_t i) const { return text_.source(i).starts_with('"'); }

  bool is_query(std::size_t i) const {
    static constexpr std::string_view queries[] = {"select", "values", "with", "table"};
    return text_.has_kind(i, TokenKind::keyword) && is_one_of(text_.word(i), queries);
  }

  // IS [NOT] DISTINCT FROM
  bool is_distinct(std::size_t from) const {
    if (from < 2 || text_.word(from - 1) != "distinct") return false;
    return text_.word(from - 2) == "is" || text_.word(from - 2) == "not";
  }

  // JOIN … USING (a, b)
  bool lists_columns(std::size_t bracket) const { return text_.is(bracket, "(") && list_end(bracket) != 0; }

  // FROM (a JOIN b …)
  bool opens_tables(std::size_t bracket, const Around& around) const {
    const std::string_view before = bracket == 0 ? ""sv : text_.word(bracket - 1);
    if (before == "using") return !lists_columns(bracket);
    if (before == "from") return around.from;
    const bool listed =
        bracket > 0 && around.from && (text_.is(bracket - 1, ",") || text_.is(bracket - 1, "("));
    return before == "join" || before == "only" || listed;
  }

  // Behind (a, b[1], c.d); 0: it is no such list.
  std::size_t list_end(std::size_t bracket) const {
    if (!text_.is(bracket, "(") || is_query(bracket + 1)) return 0;
    std::size_t i = bracket + 1;
    for (; i < text_.size() && !text_.is(i, ")"); ++i) {
      const bool listed = (text_.is_word(i) && !text_.is_word(i - 1)) || text_.is(i, ",") ||
                          text_.is(i, ".") || text_.is(i, "[") || text_.is(i, "]") ||
                          text_.has_kind(i, TokenKind::constant);
      if (!listed) return 0;
    }
    return i < text_.size() ? i + 1 : 0;
  }

  // Of INSERT: (a, b) VALUES …, DEFAULT VALUES.
  bool names_columns(std::size_t i) const {
    static constexpr std::string_view values[] = {"values", "select",     "with",
                                                  "table",  "overriding", "default"};
    if (text_.word(i) == "default") return true;
    const std::size_t behind = list_end(i);
    return behind != 0 && (is_one_of(text_.word(behind), values) || text_.is(behind, "("));
  }

  bool merges_whole_row(std::size_t i) const {
    return i > 0 && text_.word(i) == "insert" && text_.word(i - 1) == "then" && text_.word(i + 1) != "into" &&
           !names_columns(i + 1);
  }

  // All columns, not count(*), a * b or EXISTS (SELECT *. Of a trigger's rows: see row_use.h.
  bool expands(std::size_t i) const {
    if (i == 0 || (text_.is(i - 1, "(") && text_.is(i + 1, ")"))) return false;
    if (text_.is(i - 1, ".") && i > 1) return text_.word(i - 2) != "new" && text_.word(i - 2) != "old";
    const auto is_value = [&](std::size_t at) {
      return text_.has_kind(at, TokenKind::constant) || text_.has_kind(at, TokenKind::parameter) ||
             text_.has_kind(at, TokenKind::identifier);
    };
    const bool behind = is_value(i + 1) || text_.is(i + 1, "(") || text_.has_kind(i + 1, TokenKind::op) ||
                        is_one_of(text_.word(i + 1), operands);
    const bool before =
        is_value(i - 1) || text_.is(i - 1, ")") || text_.is(i - 1, "]") ||
        (text_.has_kind(i - 1, TokenKind::keyword) && !is_one_of(text_.word(i - 1), no_operands));
    const bool asks =
        i > 2 && text_.word(i - 1) == "select" && text_.is(i - 2, "(") && text_.word(i - 3) == "exists";
    return !asks && !(before && behind);
  }

  void note(std::size_t i, const std::vector<const Relation*>& relations) {
    const bool has_schema = i > 1 && text_.is(i - 1, ".");
    std::size_t first = has_schema ? i - 2 : i;
    const auto is_meant = [&](const Relation* relation) {
      return !has_schema || relation->schema == text_.word(first);
    };
    if (std::none_of(relations.begin(), relations.end(), is_meant)) return;
    const std::size_t start =
        first > 1 && text_.is(first - 1, ".") ? first - 2 : first;  // behind the database
    const Place place = place_of(start, i, has_schema);
    if (place == Place::expression) return;
    for (const Relation* relation : relations) {
      if (!is_meant(relation)) continue;
      auto named = tables_.try_emplace(relation, NamedTable{relation, has_schema}).first;
      named->second.has_schema &= has_schema;
    }
    const std::string_view name = text_.word(i);
    placed_.insert(i);
    aliases_[name].insert(name);
    const std::size_t behind = place == Place::rows || place == Place::target ? alias(name, i + 1) : i + 1;
    const bool takes_row = place == Place::type || (place == Place::rows && text_.is(behind, "(")) ||
                           (place == Place::target && !names_columns(behind)) ||
                           (text_.is(i + 1, ".") && text_.is(i + 2, "*"));
    if (takes_row) whole_.insert(name);
  }

  Place place_of(std::size_t start, std::size_t i, bool has_schema) const {
    const std::string_view before = start == 0 ? ""sv : text_.word(start - 1);
    const bool is_column = text_.is(i + 1, ".");
    if (is_column && text_.is(i + 3, "%") && text_.word(i + 4) == "type") return Place::columns;
    if (start > 0 && is_one_of(before, before_tables)) return behind_word(before, start, i);
    if (start > 0 && around_[start - 1].from && text_.is(start - 1, ","))
      return text_.is(i + 1, "(") ? Place::expression : Place::rows;
    if (start > 0 && around_[start].from && text_.is(start - 1, "(")) return Place::rows;
    if (is_type(start, i)) return Place::type;
    if (!has_schema || text_.is(i + 1, "(")) return Place::expression;
    return is_column && !text_.is(i + 2, "*") ? Place::columns : Place::type;
  }

  Place behind_word(std::string_view before, std::size_t start, std::size_t i) const {
    const std::string_view verb = start < 2 ? ""sv : text_.word(start - 2);
    if (before == "into" && verb != "merge") return verb == "insert" ? Place::target : Place::type;
    if (before == "copy") return Place::type;
    if (before == "table") return is_one_of(verb, before_definitions) ? Place::columns : Place::type;
    if (before == "from" && is_distinct(start - 1)) return Place::expression;
    const bool called = text_.is(i + 1, "(") && before != "references" && before != "exists";
    return called ? Place::expression : Place::rows;
  }

  // x::t, CAST(x AS t), t%ROWTYPE, t '(1, 2)', SETOF t, LIKE t, INHERITS (t), OF t; behind a variable's name.
  bool is_type(std::size_t start, std::size_t i) const {
    static constexpr std::string_view types[] = {"setof", "returns", "variadic", "constant"};
    if ((text_.is(i + 1, "%") && text_.word(i + 2) == "rowtype") ||
        (text_.has_kind(i + 1, TokenKind::constant) &&
         text_.source(i + 1).find('\'') != std::string_view::npos))
      return true;
    if (start == 0) return false;
    const std::string_view before = text_.word(start - 1);
    if (text_.is(start - 1, "::") || is_one_of(before, types)) return true;
    if (before == "as" && around_[start].cast) return true;
    if (start == 1) return false;
    const bool listed = text_.is(start - 2, "(") || text_.is(start - 2, ",");
    if (before == "like" && listed) return true;
    if (before == "of") return text_.word(start - 2) != "update" && text_.word(start - 2) != "share";
    if (text_.is(start - 1, "(") && text_.word(start - 2) == "inherits") return true;
    const bool behind_name = text_.has_kind(start - 1, TokenKind::identifier) ||
                             (around_[start].declares && text_.is_word(start - 1) && before != "declare");
    return behind_name && (listed || around_[start].declares);
  }

  // Behind an alias.
  std::size_t alias(std::string_view name, std::size_t i) {
    if (text_.is(i, "*")) ++i;
    const bool said = text_.word(i) == "as";
    if (said) ++i;
    if (!text_.is_word(i) || (!said && !has_alias(i))) return i;
    placed_.insert(i);
    aliases_[text_.word(i)].insert(name);
    return i + 1;
  }

  // Not t.a, x.t, … AS t, FOR UPDATE OF t.
  bool takes_row(std::size_t i) const {
    if (text_.is(i + 1, ".")) return text_.is(i + 2, "*");
    return i == 0 || !(text_.is(i - 1, ".") || text_.word(i - 1) == "as" || text_.word(i - 1) == "of");
  }

  const BodyText text_;
  const RelationsByName& known_;
  std::vector<Around> around_;
  std::map<const Relation*, NamedTable> tables_;
  std::map<std::string_view, std::set<std::string_view>> aliases_;  // and the names themselves, to these
  std::set<std::string_view> whole_;
  std::set<std::size_t> placed_;
  bool star_ = false;
};

}  // namespace

std::vector<NamedTable> find_tables(const std::string& body, const std::vector<Token>& tokens,
                                    const RelationsByName& known) {
  return Tables(body, tokens, known).find();
}

}  // namespace pgconsent::parser
