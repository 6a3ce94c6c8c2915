// A token-level look at a SQL condition: enough to see that it can't end the parentheses it is put into.
#include "rules/reader.h"

namespace pgconsent::rules {

namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// From the opening quote to the one that closes it, or npos.
std::size_t closing_quote(std::string_view sql, std::size_t open) {
  const char quote = sql[open];
  // E'…' is the one form in which a backslash escapes.
  const bool escapes = quote == '\'' && open > 0 && (sql[open - 1] == 'e' || sql[open - 1] == 'E') &&
                       (open == 1 || !is_word(sql[open - 2]));
  for (std::size_t i = open + 1; i < sql.size(); ++i) {
    if (escapes && sql[i] == '\\') {
      ++i;
    } else if (sql[i] == quote) {
      if (i + 1 >= sql.size() || sql[i + 1] != quote) return i;
      ++i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

std::string condition_problem(std::string_view sql) {
  std::string open;
  bool any = false;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    const std::string_view rest = sql.substr(i);
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') continue;
    any = true;
    if (c == '\'' || c == '"') {
      i = closing_quote(sql, i);
      if (i == std::string_view::npos) return "a quote is not closed";
    } else if (c == ';') {
      return "a semicolon";
    } else if (rest.starts_with("--") || rest.starts_with("/*")) {
      return "a comment";
    } else if (c == '$' && (i == 0 || !is_word(sql[i - 1]))) {
      return "a parameter or a dollar-quoted text";  // neither is needed, and their rules are many
    } else if (c == '(' || c == '[') {
      open += c == '(' ? ')' : ']';
    } else if (c == ')' || c == ']') {
      if (open.empty() || open.back() != c) return "a closing bracket without its opening one";
      open.pop_back();
    } else if (static_cast<unsigned char>(c) < 0x20) {
      return "a control character";
    }
  }
  if (!open.empty()) return "a bracket is not closed";
  return any ? std::string() : "it is empty";
}

}  // namespace pgconsent::rules
