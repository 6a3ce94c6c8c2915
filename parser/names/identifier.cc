#include "parser/names/identifier.h"

namespace pgconsent::parser {

namespace {

void append_quoted(std::string& out, std::string_view text, char quote) {
  out.push_back(quote);
  for (char c : text) {
    if (c == quote) out.push_back(quote);
    out.push_back(c);
  }
  out.push_back(quote);
}

}  // namespace

void append_identifier(std::string& out, std::string_view name) { append_quoted(out, name, '"'); }

std::string quote_identifier(std::string_view name) {
  std::string out;
  append_identifier(out, name);
  return out;
}

std::string quote_qualified(const QualifiedName& name) {
  std::string out;
  if (!name.schema.empty()) {
    append_identifier(out, name.schema);
    out.push_back('.');
  }
  append_identifier(out, name.name);
  return out;
}

std::string quote_literal(std::string_view text) {
  std::string out;
  append_quoted(out, text, '\'');
  return out;
}

}  // namespace pgconsent::parser
