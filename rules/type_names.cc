// Spellings of type names, for matching `functions.trusted` with the catalog's own spelling.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "rules/names.h"

namespace pgconsent::rules {

namespace {

// https://www.postgresql.org/docs/15/datatype.html, table 8.1; the right-hand side is what format_type()
// prints.
constexpr std::array<std::pair<std::string_view, std::string_view>, 21> aliases{{
    {"int", "integer"},
    {"int4", "integer"},
    {"int8", "bigint"},
    {"int2", "smallint"},
    {"serial", "integer"},
    {"bigserial", "bigint"},
    {"decimal", "numeric"},
    {"dec", "numeric"},
    {"float4", "real"},
    {"float8", "double precision"},
    {"float", "double precision"},
    {"bool", "boolean"},
    {"varchar", "character varying"},
    {"char varying", "character varying"},
    {"char", "character"},
    {"bpchar", "character"},
    {"varbit", "bit varying"},
    {"timestamp", "timestamp without time zone"},
    {"timestamptz", "timestamp with time zone"},
    {"time", "time without time zone"},
    {"timetz", "time with time zone"},
}};

// Folded outside double quotes, one space between words, no (n), no array brackets (counted instead).
std::string squeeze(std::string_view type, int& dimensions) {
  std::string out;
  int depth = 0;
  bool in_quotes = false;
  for (char c : type) {
    if (in_quotes || c == '"') {
      if (c == '"') in_quotes = !in_quotes;
      if (depth == 0) out += c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      --depth;
    } else if (c == '[') {
      ++dimensions;
    } else if (depth > 0 || c == ']') {
      continue;
    } else if (c == ' ' || c == '\t') {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else {
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string normalise_type(std::string_view type) {
  int dimensions = 0;
  std::string name = squeeze(type, dimensions);
  // One byte, not a string: the only type whose quotes make it another one.
  if (name == "\"char\"" || name == "pg_catalog.\"char\"") return dimensions > 0 ? "\"char\"[]" : "\"char\"";
  constexpr std::string_view catalog = "pg_catalog.";
  if (name.starts_with(catalog)) name.erase(0, catalog.size());
  if (name.size() > 2 && name.front() == '"' && name.back() == '"' &&
      std::all_of(name.begin() + 1, name.end() - 1,
                  [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; })) {
    name = name.substr(1, name.size() - 2);
  }
  auto it =
      std::find_if(aliases.begin(), aliases.end(), [&](const auto& alias) { return alias.first == name; });
  if (it != aliases.end()) name = it->second;
  if (dimensions > 0) name += "[]";  // PostgreSQL does not tell the number of dimensions apart
  return name;
}

}  // namespace

std::string normalise_types(std::string_view list) {
  std::string out;
  std::size_t start = 0;
  int depth = 0;
  bool in_quotes = false, any = false;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    const char c = i < list.size() ? list[i] : ',';
    if (c == '"') in_quotes = !in_quotes;
    if (c == '(' && !in_quotes) ++depth;
    if (c == ')' && !in_quotes) --depth;
    if (i < list.size() && (c != ',' || in_quotes || depth > 0)) continue;
    if (any) out += ',';
    out += normalise_type(list.substr(start, i - start));
    any = true;
    start = i + 1;
  }
  return out;
}

}  // namespace pgconsent::rules
