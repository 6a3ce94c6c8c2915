// What PL/pgSQL sends of a SQL statement: it takes INTO and its targets out, wherever they stand, as in
// SELECT f INTO a.b, c (1).
#pragma once

#include <vector>

#include "parser/tree/scanner.h"

namespace pgconsent::parser {

std::vector<Token> without_targets(const std::vector<Token>& tokens);

}  // namespace pgconsent::parser
