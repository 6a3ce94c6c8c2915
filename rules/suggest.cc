#include "rules/suggest.h"

#include <algorithm>

#include "rules/reporter.h"

namespace pgconsent::rules {

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  constexpr std::size_t longest = 200;  // the cost is quadratic
  const std::size_t difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (difference > limit || a.size() > longest || b.size() > longest) return limit + 1;

  // Three rows of the usual matrix: the one before the last is for swaps.
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return std::min(last[b.size()], limit + 1);
}

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  if (name.size() < 2) return {};  // one edit away from anything
  std::size_t limit = std::max<std::size_t>(1, name.size() / 3);
  std::string best;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate, limit);
    if (candidate == name || distance > limit) continue;
    // Ties: the first in the alphabet, so that messages do not depend on hash order.
    if (best.empty() || distance < limit || candidate < best) best = candidate;
    limit = distance;
  }
  return best;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates,
                         std::string otherwise) {
  const std::string best = nearest(name, candidates);
  return best.empty() ? otherwise : "did you mean " + in_backticks(best) + "?";
}

}  // namespace pgconsent::rules
