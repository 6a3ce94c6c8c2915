// What two texts share that differ only in their constants: the text with holes. A small lexer that gives up
// on everything unusual; what it does accept it must cut exactly as PostgreSQL's scanner does (a unit test
// holds the two against each other).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parser/tree/raw_tree.h"

namespace pgconsent::parser {

enum class LiteralKind : char { integer = 'i', bigint = 'b', numeric = 'n', string = 's' };

struct Literal {
  std::int32_t start = 0, end = 0;  // bytes, quotes included
  LiteralKind kind = LiteralKind::integer;
  bool operator==(const Literal&) const = default;
};

struct LiteralShape {
  std::string key;  // the text, each literal replaced by a control character and its kind
  std::vector<Literal> literals;
};

// False when the text has comments, dollar quotes, escapes, parameters, characters beyond ASCII outside
// quotes, … or is very long. Reuses the memory of `shape`.
bool literal_shape(std::string_view text, LiteralShape& shape);

// Is every literal a plain value, so that no other constant in its place can change what the statement
// names? True for operands of operators, values that are assigned or inserted, LIMIT; false for arguments of
// functions, positions in ORDER BY and GROUP BY, type modifiers, and for anything but one query or
// modification. REQUIRES: `tree` is the text's, `literals` are its shape's.
bool literals_are_values(const RawTree& tree, std::string_view text, const std::vector<Literal>& literals);

// Is it a query of one table, ungrouped, and every literal an integer that the WHERE clause compares with a
// column by `=`, or the LIMIT? Then parameters can take the literals' places. REQUIRES: as above.
bool literals_are_keys(const RawTree& tree, const std::vector<Literal>& literals);

}  // namespace pgconsent::parser
