// Names in rules.yaml follow SQL: unquoted ones are folded to lower case, "Quoted" ones are taken as they
// are. Unquoted table names may hold the wildcards `*` and `?`. Private to rules/, but for how names are
// displayed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rules/reporter.h"

namespace pgconsent::rules {

struct NamePattern {
  std::string text;
  bool wildcard = false;
  bool matches(std::string_view name) const;
};

struct TableName {
  NamePattern schema, name;
  Place at;
  bool is_wildcard() const { return schema.wildcard || name.wildcard; }
  bool matches(std::string_view in_schema, std::string_view in_name) const {
    return schema.matches(in_schema) && name.matches(in_name);
  }
  std::string display() const;
};

struct FunctionName {
  std::string schema;
  std::string name;                      // empty: every function of the schema
  std::optional<std::string> arguments;  // normalised; nothing: every overload
  Text written;
};

// `*` any run of characters, `?` one character.
bool glob_match(std::string_view pattern, std::string_view text);

// Each reports and returns nothing on bad input. `what` names the thing in messages: "column name".
std::optional<Text> parse_identifier(const Text& written, std::string_view what, Reporter& report);
std::optional<TableName> parse_table_name(const Text& written, bool wildcards, Reporter& report);
std::optional<FunctionName> parse_function_name(const Text& written, Reporter& report);

// "int4, VARCHAR(20)[]" -> "integer,character varying[]": so that all spellings of a type compare equal.
std::string normalise_types(std::string_view list);

// In quotes only where SQL needs them.
std::string display_identifier(std::string_view name);
std::string display_name(std::string_view schema, std::string_view name);

}  // namespace pgconsent::rules
