// Names that stand in what is sent and that no client may use.
#pragma once

#include <string_view>

namespace pgconsent::parser {

// The alias of a modification's target.
inline constexpr std::string_view target_alias = "pgconsent_target";

}  // namespace pgconsent::parser
