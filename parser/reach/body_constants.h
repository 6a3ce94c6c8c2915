// What the constants of a body may be beyond values: SQL, names, or parts of names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parser/tree/scanner.h"

namespace pgconsent::parser {

struct BodyConstants {
  std::vector<std::string> words;  // see words.h
  std::vector<std::string> parts;  // of names that may be put together of them
  bool unreadable = false;         // some have escapes that are not resolved here
  bool runs_sql = false;  // they may be run: by EXECUTE, dblink, query_to_xml or, being SQL, by anything
};

// May the name be put together of a word that is a part of one?
bool may_hold(std::string_view name, std::string_view part);

BodyConstants find_constants(const std::string& body, const std::vector<Token>& tokens);

}  // namespace pgconsent::parser
