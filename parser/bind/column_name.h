// The name PostgreSQL gives to a result column without AS (parse_target.c's FigureColname).
#pragma once

#include <string_view>

struct Node;
struct ResTarget;

namespace pgconsent::parser {

std::string_view column_name(const Node* expression);
std::string_view column_name(const ResTarget* target);

}  // namespace pgconsent::parser
