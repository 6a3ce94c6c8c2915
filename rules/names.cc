#include "rules/names.h"

#include <algorithm>
#include <vector>

#include "parser/names/identifier.h"

namespace pgconsent::rules {

namespace {

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_name_char(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9') || c == '$';
}
bool is_wildcard_char(char c) {
  return c == '*' || c == '?';
}

// As downcase_identifier() in a multi-byte encoding: ASCII only.
char fold(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Takes one part of a dotted name off the front of `rest`; an empty result is an error.
NamePattern take_part(std::string_view& rest) {
  NamePattern part;
  if (!rest.empty() && rest.front() == '"') {
    std::size_t i = 1;
    for (; i < rest.size(); ++i) {
      if (rest[i] != '"') {
        part.text += rest[i];
      } else if (i + 1 < rest.size() && rest[i + 1] == '"') {
        part.text += rest[i++];
      } else {
        rest.remove_prefix(i + 1);
        return part;
      }
    }
    return {};  // no closing quote
  }
  std::size_t i = 0;
  for (; i < rest.size(); ++i) {
    if (is_wildcard_char(rest[i])) {
      part.wildcard = true;
    } else if (i == 0 ? !is_name_start(rest[i]) : !is_name_char(rest[i])) {
      break;
    }
    part.text += fold(rest[i]);
  }
  rest.remove_prefix(i);
  return part;
}

std::vector<NamePattern> take_name(std::string_view& rest) {
  std::vector<NamePattern> parts;
  while (true) {
    parts.push_back(take_part(rest));
    if (parts.back().text.empty()) return {};
    if (rest.empty() || rest.front() != '.') return parts;
    rest.remove_prefix(1);
  }
}

constexpr std::string_view quote_hint =
    "names with other characters go into double quotes inside the YAML quotes: "
    "'\"My Schema\".\"T\"'";

std::string identifier_hint(std::string_view written) {
  if (written.empty() || written.find_first_of("'\"\n") != std::string_view::npos)
    return std::string(quote_hint);
  return "names with other characters go into double quotes inside the YAML quotes: '\"" +
         std::string(written) + "\"'";
}

std::size_t next_character(std::string_view text, std::size_t i) {
  ++i;
  while (i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) ++i;
  return i;
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0;
  std::size_t star = std::string_view::npos, resume = 0;  // after the last `*`: where to try again
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t = next_character(text, t);
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      resume = next_character(text, resume);
      t = resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool NamePattern::matches(std::string_view name) const {
  return wildcard ? glob_match(text, name) : text == name;
}

std::string TableName::display() const {
  auto part = [](const NamePattern& p) { return p.wildcard ? p.text : display_identifier(p.text); };
  return part(schema) + "." + part(name);
}

std::optional<Text> parse_identifier(const Text& written, std::string_view what, Reporter& report) {
  std::string_view rest = written.text;
  NamePattern part = take_part(rest);
  if (part.text.empty() || part.wildcard || !rest.empty()) {
    report.error(written.at, in_backticks(written.text) + " is not a " + std::string(what),
                 part.wildcard ? "wildcards work in table names only" : identifier_hint(written.text));
    return std::nullopt;
  }
  return Text{std::move(part.text), written.at};
}

std::optional<TableName> parse_table_name(const Text& written, bool wildcards, Reporter& report) {
  std::string_view rest = written.text;
  auto parts = take_name(rest);
  if (parts.empty() || !rest.empty()) {
    report.error(written.at, in_backticks(written.text) + " is not a table name", std::string(quote_hint));
    return std::nullopt;
  }
  if (parts.size() != 2) {
    report.error(written.at, "table name " + in_backticks(written.text) + " must have the form schema.table",
                 parts.size() == 1 ? "did you mean " + in_backticks("public." + written.text) + "?"
                                   : "the rules apply to one database: leave out its name");
    return std::nullopt;
  }
  TableName name{std::move(parts[0]), std::move(parts[1]), written.at};
  if (name.is_wildcard() && !wildcards) {
    report.error(written.at, "wildcards are not possible here: " + in_backticks(written.text),
                 "name one table");
    return std::nullopt;
  }
  return name;
}

std::optional<FunctionName> parse_function_name(const Text& written, Reporter& report) {
  std::string_view rest = written.text;
  auto parts = take_name(rest);
  FunctionName function;
  function.written = written;
  bool good = parts.size() == 2 && !parts[0].wildcard;
  if (good) {
    function.schema = std::move(parts[0].text);
    if (parts[1].wildcard) {
      good = parts[1].text == "*" && rest.empty();
    } else {
      function.name = std::move(parts[1].text);
      while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
      if (!rest.empty()) {
        good = rest.size() >= 2 && rest.front() == '(' && rest.back() == ')';
        if (good) function.arguments = normalise_types(rest.substr(1, rest.size() - 2));
      }
    }
  }
  if (!good) {
    report.error(written.at, in_backticks(written.text) + " does not name a function",
                 "write `schema.name(type, …)`, `schema.name` for all overloads or `schema.*`");
    return std::nullopt;
  }
  return function;
}

std::string display_identifier(std::string_view name) {
  const bool plain =
      !name.empty() && is_name_start(name.front()) &&
      std::all_of(name.begin(), name.end(), [](char c) { return is_name_char(c) && fold(c) == c; });
  return plain ? std::string(name) : parser::quote_identifier(name);
}

std::string display_name(std::string_view schema, std::string_view name) {
  return display_identifier(schema) + "." + display_identifier(name);
}

}  // namespace pgconsent::rules
