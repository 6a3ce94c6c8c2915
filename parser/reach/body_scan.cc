#include "parser/reach/body_scan.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "parser/names/ascii.h"
#include "parser/reach/into_targets.h"
#include "parser/tree/scanner.h"

namespace pgconsent::parser {

namespace {

using namespace std::string_view_literals;

// PostgreSQL 15's reserved keywords (kwlist.h): unquoted they name nothing.
constexpr std::array reserved = {"all"sv,          "analyse"sv,
                                 "analyze"sv,      "and"sv,
                                 "any"sv,          "array"sv,
                                 "as"sv,           "asc"sv,
                                 "asymmetric"sv,   "both"sv,
                                 "case"sv,         "cast"sv,
                                 "check"sv,        "collate"sv,
                                 "column"sv,       "constraint"sv,
                                 "create"sv,       "current_catalog"sv,
                                 "current_date"sv, "current_role"sv,
                                 "current_time"sv, "current_timestamp"sv,
                                 "current_user"sv, "default"sv,
                                 "deferrable"sv,   "desc"sv,
                                 "distinct"sv,     "do"sv,
                                 "else"sv,         "end"sv,
                                 "except"sv,       "false"sv,
                                 "fetch"sv,        "for"sv,
                                 "foreign"sv,      "from"sv,
                                 "grant"sv,        "group"sv,
                                 "having"sv,       "in"sv,
                                 "initially"sv,    "intersect"sv,
                                 "into"sv,         "lateral"sv,
                                 "leading"sv,      "limit"sv,
                                 "localtime"sv,    "localtimestamp"sv,
                                 "not"sv,          "null"sv,
                                 "offset"sv,       "on"sv,
                                 "only"sv,         "or"sv,
                                 "order"sv,        "placing"sv,
                                 "primary"sv,      "references"sv,
                                 "returning"sv,    "select"sv,
                                 "session_user"sv, "some"sv,
                                 "symmetric"sv,    "table"sv,
                                 "then"sv,         "to"sv,
                                 "trailing"sv,     "true"sv,
                                 "union"sv,        "unique"sv,
                                 "user"sv,         "using"sv,
                                 "variadic"sv,     "when"sv,
                                 "where"sv,        "window"sv,
                                 "with"sv};
static_assert(std::is_sorted(reserved.begin(), reserved.end()));

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class Scan {
 public:
  Scan(bool is_plpgsql, const std::string& body, const std::vector<Token>& tokens, BodyFacts& facts)
      : is_plpgsql_(is_plpgsql), body_(body), tokens_(tokens), facts_(facts) {}

  void run() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) look_at(i);
    for (const std::string_view cursor : fetched_) look_at_cursor(cursor);
  }

 private:
  // Empty when there is no such token.
  std::string_view word(std::size_t i) const {
    return i < tokens_.size() ? std::string_view(tokens_[i].text) : std::string_view();
  }
  char symbol(std::size_t i) const { return i < tokens_.size() ? tokens_[i].symbol : '\0'; }
  bool is_constant(std::size_t i) const {
    return i < tokens_.size() && tokens_[i].kind == TokenKind::constant;
  }
  std::string_view source(std::size_t i) const {
    return std::string_view(body_).substr(tokens_[i].start, tokens_[i].end - tokens_[i].start);
  }
  void danger(std::string text) {
    if (!facts_.danger) facts_.danger = std::move(text);
  }

  void look_at(std::size_t i) {
    const Token& token = tokens_[i];
    switch (token.kind) {
      case TokenKind::identifier:
        look_at_word(i);
        look_at_name(i);
        break;
      case TokenKind::keyword:
        look_at_word(i);
        if (!std::binary_search(reserved.begin(), reserved.end(), token.text)) look_at_name(i);
        break;
      case TokenKind::unicode_identifier:
        danger("has an identifier written as U&\"…\"");
        break;
      case TokenKind::op:
        facts_.operators.emplace_back(source(i));
        break;
      case TokenKind::constant:
      case TokenKind::parameter:
      case TokenKind::punctuation:
        break;
    }
  }

  void look_at_name(std::size_t i) {
    const Token& token = tokens_[i];
    facts_.names.push_back(token.text);
    // Behind AS stands an alias, or a type, which reads nothing.
    if (i == 0 || !is_as(i - 1)) facts_.relations.push_back(spelled(i));
    if (symbol(i + 1) == '(' || (i > 0 && symbol(i - 1) == '.')) facts_.calls.push_back(token.text);
    if (token.text == "set_config") look_at_set_config(i);
    // Not INSERT INTO pg_temp.t (a, b).
    if (token.text.starts_with("pg_temp") && symbol(i + 1) == '.' && symbol(i + 3) == '(' &&
        !(i > 0 && is_one_of(word(i - 1), {"into", "table", "exists", "references", "on"})))
      danger("calls a function of the temporary schema");
    if (token.text == "pgconsent") danger("names pgconsent's own objects or settings");
  }

  std::string spelled(std::size_t i) const {
    const bool has_schema = i > 1 && symbol(i - 1) == '.' && !word(i - 2).empty();
    return has_schema ? with_schema(word(i - 2), word(i)) : std::string(word(i));
  }

  bool is_as(std::size_t i) const { return word(i) == "as" && tokens_[i].kind == TokenKind::keyword; }

  // PL/pgSQL has keywords that are plain identifiers here, so the kind does not matter.
  void look_at_word(std::size_t i) {
    std::string_view text = word(i);
    if (text == "execute") danger("runs dynamic SQL (EXECUTE)");
    if (text == "copy") danger("uses COPY");
    if (text == "load" && is_constant(i + 1)) danger("loads a library");
    // The session knows its prepared statements by their names.
    if (is_one_of(text, {"prepare", "deallocate"}) && begins_statement(i)) danger("prepares statements");
    if (text == "do" && (is_constant(i + 1) || word(i + 1) == "language")) danger("runs a DO block");
    if (is_one_of(text, {"insert", "update", "delete", "merge", "truncate"})) facts_.writes = true;
    if (is_one_of(text, {"update", "delete", "merge", "truncate"})) note_change(i);
    if (text == "insert" && has_conflict_clause(i)) note_change(i);
    if (is_one_of(text, {"discard", "reset"})) facts_.may_change_state = true;
    // What a setting goes back to may be anything, too.
    if (text == "reset" && (word(i + 1) == "all" || !is_settable(setting_at(i + 1))))
      danger("resets " + setting_at(i + 1));
    if (is_one_of(text, {"raise", "assert"})) look_at_raise(i);
    // CLOSE makes room for another cursor of that name.
    if (is_one_of(text, {"move", "close"}) ? begins_statement(i) : text == "fetch" && !limits_rows(i))
      note_fetch(i);
    if (text == "create") look_at_create(i);
    if (text == "drop") look_at_drop(i);
    if (is_one_of(text, {"alter", "import", "security", "reassign"}) && begins_statement(i))
      danger("has DDL");
    // The errors of statements before it would come up in it.
    if (text == "set" && word(i + 1) == "constraints") danger("has SET CONSTRAINTS");
    if (text == "inherits") danger("makes a table that is another one's child");
    if (text == "set" && !is_update_set(i)) look_at_set(i);
    // SELECT INTO makes a table in SQL; in PL/pgSQL it fills variables.
    if (text == "into" && !is_plpgsql_ && !(i > 0 && is_one_of(word(i - 1), {"insert", "merge"}))) {
      facts_.may_change_state = true;
      note_made(i + 1);
    }
    // Only procedures can: the state after a rollback is another one.
    if (is_one_of(text, {"commit", "rollback"})) facts_.may_change_state = true;
  }

  // A statement starts at the beginning, and after ; BEGIN THEN ELSE LOOP >> (a label) ATOMIC.
  bool begins_statement(std::size_t i) const {
    if (i == 0 || symbol(i - 1) == ';') return true;
    std::string_view before = word(i - 1);
    if (is_one_of(before, {"begin", "then", "else", "loop", "atomic"})) return true;
    return tokens_[i - 1].kind == TokenKind::op;
  }

  // UPDATE [ONLY] a.b, DELETE FROM, MERGE INTO, TRUNCATE [TABLE] a, ONLY (b): the names up to a word that
  // ends them. Such a word may be a name itself, where one must follow.
  void note_change(std::size_t i) {
    bool named = false;
    for (++i; i < tokens_.size() && symbol(i) != ';'; ++i) {
      if (symbol(i) == '(' && word(i - 1) != "only") return;
      if (symbol(i) == ',') named = false;
      if (word(i).empty()) continue;
      const bool ends = tokens_[i].kind == TokenKind::keyword &&
                        is_one_of(word(i), {"set", "where", "using", "values", "select", "returning"});
      if (ends && named && symbol(i - 1) != '.') return;
      facts_.changes.push_back(spelled(i));
      named |= !is_one_of(word(i), {"only", "from", "into", "table"});
    }
  }

  bool has_conflict_clause(std::size_t i) const {
    while (i < tokens_.size() && symbol(i) != ';' && word(i) != "conflict") ++i;
    return word(i) == "conflict";
  }

  // FETCH FIRST n ROWS ONLY, of a query.
  bool limits_rows(std::size_t i) const {
    if (!is_one_of(word(i + 1), {"first", "next"})) return false;
    for (i += 2; i < tokens_.size() && symbol(i) != ';'; ++i) {
      if (is_one_of(word(i), {"from", "in", "into", "loop"})) return false;
      if (is_one_of(word(i), {"row", "rows"}) && is_one_of(word(i + 1), {"only", "with"})) return true;
    }
    return false;
  }

  // FETCH [direction [FROM | IN]] cursor INTO …, MOVE … cursor, FOR r IN FETCH … LOOP, RETURN QUERY FETCH …:
  // without a name it is no variable.
  void note_fetch(std::size_t i) {
    std::size_t end = i + 1;
    while (end < tokens_.size() && symbol(end) != ';' && !is_one_of(word(end), {"into", "loop"})) ++end;
    fetched_.push_back(end > i + 1 ? word(end - 1) : std::string_view());
  }

  // A body sees what is in a cursor only where nobody else can have opened it: the variable is declared at
  // the top without a value, and OPEN alone gives it one. A cursor that is declared with its query has its
  // own name for a value (PostgreSQL 15): an OPEN must come before, in the same block or one around. The
  // session judges the age and purpose of its own cursors.
  void look_at_cursor(std::string_view name) {
    bool is_own = false, is_given = name.empty(), is_null = false;
    std::size_t begin = 0, open = 0;
    while (begin < tokens_.size() && word(begin) != "begin") ++begin;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (word(i) != name) continue;
      if (is_one_of(word(i + 1), {"cursor", "refcursor", "scroll", "no"})) {
        is_own |= i < begin;
        is_given |= i > begin || (word(i + 1) == "refcursor" && symbol(i + 2) != ';');
        is_null |= word(i + 1) == "refcursor";
        continue;
      }
      if (i > 0 && word(i - 1) == "open") open = i;
      is_given |= !is_null && (open == 0 || !in_block_of(open, i));
      const bool is_read =
          i > 0 &&
          (is_constant(i - 1) ||
           is_one_of(word(i - 1), {"open", "close", "fetch", "move", "from", "in", "of", "next", "prior",
                                   "first", "last", "forward", "backward", "all", "return"}));
      is_given |= !is_read;
    }
    if (!is_own || is_given) danger("reads a cursor that may have been opened elsewhere");
  }

  // Does `to` stand in the block of `from`, or in one inside it, so that what comes to it has come by `from`?
  // Of blocks that begin only those are counted that certainly do, of ends and branches all that may be some.
  bool in_block_of(std::size_t from, std::size_t to) const {
    std::size_t depth = 0;
    for (std::size_t i = from + 1; i < to; ++i) {
      const bool starts = symbol(i - 1) == ';';
      const bool may_end = starts || is_one_of(word(i - 1), {"begin", "then", "else", "loop"});
      if (word(i) == "end" && (may_end || is_one_of(word(i + 1), {"if", "loop", "case"}))) {
        if (depth-- == 0) return false;
      } else if (starts && is_one_of(word(i), {"else", "elsif", "elseif", "when", "exception"})) {
        if (depth == 0) return false;
      } else if (starts && is_one_of(word(i), {"if", "case", "loop", "while", "for", "foreach", "begin"})) {
        ++depth;
      }
    }
    return true;
  }

  void look_at_raise(std::size_t i) {
    for (std::size_t next = i + 1; next < tokens_.size() && symbol(next) != ';'; ++next) {
      facts_.raises_values |= symbol(next) == ',' || word(next) == "using";
    }
  }

  // A new table is unknown to the snapshot and thereby refused; other new objects could be called unseen.
  void look_at_create(std::size_t i) {
    facts_.may_change_state = facts_.makes_tables = true;
    for (std::size_t next = i + 1; next < tokens_.size() && next < i + 4; ++next) {
      if (is_one_of(word(next), {"table", "index", "sequence"})) return note_made(next + 1);
      if (!is_one_of(word(next), {"temp", "temporary", "local", "global", "unlogged", "unique"})) break;
    }
    danger("has DDL");
  }

  // Up to the columns, the query or the rest of it.
  void note_made(std::size_t i) {
    for (; i < tokens_.size() && symbol(i) != '(' && symbol(i) != ';' && !is_as(i) && word(i) != "from";
         ++i) {
      if (!word(i).empty()) facts_.made.emplace_back(word(i));
    }
  }

  void look_at_drop(std::size_t i) {
    if (i > 1 && word(i - 1) == "commit" && word(i - 2) == "on") return;
    facts_.may_change_state = true;
    if (word(i + 1) != "table") danger("has DDL");
  }

  // UPDATE [ONLY] name [*] [[AS] alias] SET, DO UPDATE SET, THEN UPDATE SET
  bool is_update_set(std::size_t i) const {
    for (std::size_t back = 1; back <= 8 && back <= i; ++back) {
      std::size_t at = i - back;
      if (symbol(at) == ';' || is_one_of(word(at), {"then", "else", "begin", "loop"})) return false;
      if (word(at) == "update" && tokens_[at].kind == TokenKind::keyword) {
        return !(at > 0 && word(at - 1) == "for");
      }
    }
    return false;
  }

  std::string setting_at(std::size_t i) const {
    std::string setting(word(i));
    if (symbol(i + 1) == '.') setting += "." + std::string(word(i + 2));
    return setting;
  }

  void look_at_set(std::size_t i) {
    facts_.may_change_state = true;
    std::size_t next = i + 1;
    if (is_one_of(word(next), {"local", "session"})) ++next;
    const std::string setting = setting_at(next);
    if (!is_settable(setting)) danger("sets " + setting);
  }

  void look_at_set_config(std::size_t i) {
    facts_.may_change_state = true;
    std::string setting;
    if (symbol(i + 1) == '(' && is_constant(i + 2) && symbol(i + 3) == ',') {
      std::string_view text = source(i + 2);
      bool is_plain = text.size() > 2 && text.front() == '\'' && text.back() == '\'' &&
                      text.substr(1, text.size() - 2).find_first_of("'\\") == text.npos;
      if (is_plain) setting = text.substr(1, text.size() - 2);
    }
    if (setting.empty()) return danger("calls set_config with a name that is not a plain constant");
    if (!is_settable(setting)) danger("sets " + setting);
  }

  std::vector<std::string_view> fetched_;  // names behind FETCH, MOVE and CLOSE
  const bool is_plpgsql_;
  const std::string& body_;
  const std::vector<Token>& tokens_;
  BodyFacts& facts_;
};

}  // namespace

std::string with_schema(std::string_view schema, std::string_view name) {
  return std::string(schema).append(".").append(name);
}

bool is_settable(std::string_view name) {
  const std::string setting = lower(name);  // their names ignore case, even in double quotes
  if (setting.starts_with("pgconsent")) return false;
  if (setting.starts_with("debug_print_")) return false;
  return !is_one_of(setting, {"standard_conforming_strings", "backslash_quote", "client_encoding", "names",
                              "row_security", "session_replication_role", "local_preload_libraries",
                              "session_preload_libraries", "dynamic_library_path", "client_min_messages",
                              "check_function_bodies", "log_parameter_max_length_on_error"});
}

BodyFacts scan_body(std::string_view language, const std::string& body) {
  BodyFacts facts;
  if (body.find('\0') != body.npos) {
    facts.danger = "holds a NUL byte";
    facts.may_change_state = true;
    return facts;
  }
  std::optional<std::vector<Token>> tokens = scan(body);
  if (!tokens) {
    facts.danger = "has a body that does not scan";
    facts.may_change_state = true;
    return facts;
  }
  const bool is_plpgsql = language == "plpgsql";
  Scan(is_plpgsql, body, *tokens, facts).run();
  if (is_plpgsql) {
    const std::vector<Token> sent = without_targets(*tokens);
    if (sent.size() != tokens->size()) Scan(is_plpgsql, body, sent, facts).run();
  }
  for (auto* list :
       {&facts.names, &facts.calls, &facts.operators, &facts.changes, &facts.relations, &facts.made}) {
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  if (facts.danger) facts.may_change_state = true;
  return facts;
}

}  // namespace pgconsent::parser
