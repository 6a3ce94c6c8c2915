// What the audit may say of an error.
#pragma once

#include <string_view>

namespace pgconsent::session {

// The code itself where PostgreSQL defines it. RAISE … USING ERRCODE takes any five characters, so also five
// of a value: P0001 (raise_exception) stands for those. Lives as long as the program.
std::string_view audited_sqlstate(std::string_view sqlstate);

}  // namespace pgconsent::session
