// "Did you mean": the nearest of some names by edit distance (insert, delete, replace, swap of neighbours).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgconsent::rules {

// Distance of a and b, or limit + 1 when it is larger than `limit`.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

// The nearest candidate within a third of the name's length (at least one edit); empty when there is none.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

// "did you mean `columns`?", or `otherwise` when nothing is near.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates,
                         std::string otherwise = {});

}  // namespace pgconsent::rules
