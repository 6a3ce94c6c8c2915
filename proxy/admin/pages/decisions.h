// The decisions of the record as people are told them, in the order of their weight.
#pragma once

#include <array>
#include <string_view>

#include "proxy/admin/pages/html.h"

namespace pgconsent::pages {

struct DecisionWords {
  const char* name;  // in the record; also the class of its colour
  const char* label;
  const char* about;
};
inline constexpr std::array<DecisionWords, 5> decisions = {{
    {"refused", "Refused",
     "not run: it could not be shown without data that has no lawful basis, or not be proven safe"},
    {"masked", "Masked", "run with masks in place of what has no lawful basis"},
    {"allowed", "Clear", "run as it is: every use had a lawful basis"},
    {"exempt", "Exempt", "run on raw data by a role that the rules exempt"},
    {"failed", "Failed", "ended by an error while it ran"},
}};
inline constexpr std::size_t number_of_decisions = decisions.size();

// number_of_decisions for an unknown one.
std::size_t decision_index(std::string_view name);
std::string_view decision_label(std::string_view name);
// A small coloured tag with the decision in words.
Html decision_tag(std::string_view name);

}  // namespace pgconsent::pages
