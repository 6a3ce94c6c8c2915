#include "proxy/enforce/cascades.h"

#include "parser/names/ascii.h"
#include "parser/tree/walker.h"
#include "proxy/enforce/hop_changes.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

bool holds_word(std::string_view text) {
  return parser::lower(text).find("cascade") != std::string::npos;
}

// Constants may be code.
bool says_cascade(const std::string& text) {
  if (!holds_word(text)) return false;
  const auto scanned = text.find('\0') == text.npos ? parser::scan(text) : std::nullopt;
  if (!scanned) return true;
  const parser::TokenIndex tokens(*scanned);
  for (int i = 0; i < tokens.size(); ++i) {
    const parser::Token& token = tokens[i];
    const bool constant = token.kind == parser::TokenKind::constant;
    if (constant ? holds_word(std::string_view(text).substr(token.start, token.end - token.start))
                 : is_cascade(tokens, i)) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::size_t cascade_count(const AlterTableStmt* alter) {
  std::size_t count = 0;
  parser::for_each(alter->cmds, [&](const Node* command) {
    if (parser::as<AlterTableCmd>(command)->behavior == DROP_CASCADE) ++count;
  });
  return count;
}

bool is_cascade(const parser::TokenIndex& tokens, int index) {
  const bool action = tokens.is_keyword(index - 2, "on") &&
                      (tokens.is_keyword(index - 1, "delete") || tokens.is_keyword(index - 1, "update"));
  return tokens.is_keyword(index, "cascade") && !action;
}

std::optional<parser::SqlError> refuse_cascade(const std::string& text, const Generation& generation) {
  if (!says_cascade(text) || !has_deciding_views(generation)) return std::nullopt;
  return unsupported("CASCADE can't be used through the proxy",
                     "A view that consent or trusted code is read through might go with it. Leave it out, or "
                     "let a DBA do it.");
}

}  // namespace pgconsent::enforce
