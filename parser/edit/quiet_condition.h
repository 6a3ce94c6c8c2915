// Conditions that may be asked of a row before it is known whether the row may be seen.
#pragma once

#include <span>
#include <string_view>

#include "parser/bind/binding.h"
#include "parser/tree/server_nodes.h"

namespace pgconsent::parser {

// Columns of the target, constants and parameters that are compared by `operators`: nothing in it fails at a
// row, or calls anybody's code. The operators are built-in ones of these names, whatever stands beside them.
bool is_quiet(const Node* condition, const RangeEntry& target, std::span<const std::string_view> operators);

// Those of which that may be said: = <> < > <= >=
inline constexpr std::string_view comparison_operators[] = {"=", "<>", "<", ">", "<=", ">="};

}  // namespace pgconsent::parser
