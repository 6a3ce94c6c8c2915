// What the constants of a body may be beyond values: SQL, names, or parts of names.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "parser/tree/scanner.h"

namespace pgconsent::parser {

// 'people_log_' || …, format('%I_hist', …): of a name that is put together.
struct NameFragment {
  std::string text;  // in lower case
  bool open_before = false, open_behind = false;

  auto operator<=>(const NameFragment&) const = default;
  bool fits(std::string_view name) const;
};

struct BodyConstants {
  std::vector<std::string> words;  // see words.h
  std::vector<NameFragment> fragments;
  bool unreadable = false;  // some have escapes that are not resolved here
  bool runs_sql = false;    // they may be run: by EXECUTE, dblink, query_to_xml or, being SQL, by anything
};

BodyConstants find_constants(const std::string& body, const std::vector<Token>& tokens);

}  // namespace pgconsent::parser
