#include "proxy/enforce/foreign_text.h"

#include <algorithm>

#include "parser/names/ascii.h"
#include "parser/tree/raw_tree.h"
#include "parser/tree/scanner.h"
#include "parser/tree/walker.h"

namespace pgconsent::enforce {

namespace {

using parser::is_ascii;

bool holds_values(const Node* statement) {
  if (statement == nullptr) return false;
  switch (nodeTag(statement)) {
    case T_SelectStmt:
    case T_InsertStmt:
    case T_UpdateStmt:
    case T_DeleteStmt:
    case T_MergeStmt:
    case T_CopyStmt:
    case T_VariableSetStmt:  // what it sets is read back
    case T_NotifyStmt:
      return true;
    case T_PrepareStmt:
      return holds_values(parser::as<PrepareStmt>(statement)->query);
    case T_DeclareCursorStmt:
      return holds_values(parser::as<DeclareCursorStmt>(statement)->query);
    case T_ExplainStmt:
      return holds_values(parser::as<ExplainStmt>(statement)->query);
    default:
      return false;
  }
}

bool is_ascii(const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(), [](std::string_view name) { return is_ascii(name); });
}

// The transaction's own catalog.
bool is_ascii(const parser::Snapshot& catalog) {
  const auto named = [](const auto& entry) {
    return is_ascii(entry.second.schema) && is_ascii(entry.second.name);
  };
  return std::all_of(catalog.relations.begin(), catalog.relations.end(),
                     [&](const auto& entry) {
                       const auto& columns = entry.second.columns;
                       return named(entry) &&
                              std::all_of(columns.begin(), columns.end(),
                                          [](const auto& column) { return is_ascii(column.name); });
                     }) &&
         std::all_of(catalog.functions.begin(), catalog.functions.end(), named) &&
         std::all_of(catalog.types.begin(), catalog.types.end(), named);
}

bool is_ascii(const SessionState& state) {
  return is_ascii(state.role) && is_ascii(state.purpose) && is_ascii(state.search_path) &&
         std::all_of(state.temporary.begin(), state.temporary.end(),
                     [](const parser::TemporaryName& relation) {
                       return is_ascii(relation.name) && is_ascii(relation.columns);
                     }) &&
         (state.private_catalog == nullptr || is_ascii(*state.private_catalog));
}

bool sets_encoding(const Node* statement) {
  return statement != nullptr && nodeTag(statement) == T_VariableSetStmt &&
         parser::as<VariableSetStmt>(statement)->name == std::string_view("client_encoding");
}

}  // namespace

bool names_are_ascii(std::string_view given, const SessionState& state) {
  const bool known = is_ascii(state);
  if (known && is_ascii(given)) return true;
  const std::string text(given);
  parser::RawTree tree;
  parser::SqlError error;
  if (text.find('\0') != std::string::npos || !parser::RawTree::parse(text, tree, error)) return false;
  bool fits = true;
  parser::for_each(tree.statements(), [&](const Node* raw) {
    const auto* whole = parser::as<RawStmt>(raw);
    const std::size_t length = whole->stmt_len == 0 ? std::string::npos : whole->stmt_len;
    const std::string_view own = std::string_view(text).substr(whole->stmt_location, length);
    fits &= known ? is_ascii(own) || holds_values(whole->stmt) : sets_encoding(whole->stmt);
  });
  const auto tokens = parser::scan_parsed(text);
  return fits && std::all_of(tokens.begin(), tokens.end(), [&](const parser::Token& token) {
           return token.kind == parser::TokenKind::constant ||
                  is_ascii(std::string_view(text).substr(token.start, token.end - token.start));
         });
}

bool adds_only_ascii(const Plan& plan) {
  if (plan.is_identity) return true;
  const std::string_view sent = plan.sql;
  std::int32_t shift = 0;
  for (const Edit& edit : plan.edits) {
    if (!is_ascii(sent.substr(edit.start + shift, edit.length))) return false;
    shift += edit.length - (edit.end - edit.start);
  }
  return !plan.edits.empty() || is_ascii(sent);
}

}  // namespace pgconsent::enforce
