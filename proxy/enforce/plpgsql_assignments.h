// Where PL/pgSQL gives the row of a BEFORE trigger another value.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace pgconsent::enforce {

// The field of NEW that a trigger function's body may assign to, of those that `decides` is true for: "*"
// where the whole row may be another one. Empty: none. What can't be followed counts as an assignment.
std::string assigned_field(const std::string& body, const std::function<bool(std::string_view)>& decides);

}  // namespace pgconsent::enforce
