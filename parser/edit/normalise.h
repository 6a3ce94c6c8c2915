// A statement's text without what it is about: for the audit and for finding statements of one shape.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "parser/edit/token_index.h"

namespace pgconsent::parser {

// Every constant becomes a parameter, numbered on behind those that are there (as pg_stat_statements does it);
// comments go, white space shrinks to one blank. A quoted identifier stays only when `is_name` knows it:
// people put data into double quotes by mistake. [start, end) is the statement's byte range.
std::string normalise(const std::string& text, const TokenIndex& tokens, std::int32_t start, std::int32_t end,
                      const std::function<bool(std::string_view)>& is_name);

// 16 hex digits (FNV-1a 64) of a normalised statement.
std::string fingerprint(std::string_view normalised);

}  // namespace pgconsent::parser
