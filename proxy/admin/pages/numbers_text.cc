#include "proxy/admin/pages/numbers_text.h"

#include <fmt/format.h>

#include <limits>

namespace pgconsent::pages {

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  if (digits.size() - first <= 4) return digits;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, "\u202F");
  }
  return digits;
}

std::string percent(std::int64_t part, std::int64_t whole) {
  if (whole <= 0) return "–";
  const double value = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (part > 0 && value < 0.1) return "< 0.1 %";
  return fmt::format("{:.1f} %", value);
}

std::string duration_text(std::int64_t microseconds) {
  if (microseconds < 1000) return fmt::format("{} µs", microseconds);
  const double value = static_cast<double>(microseconds);
  if (microseconds < 1'000'000) return fmt::format("{:.1f} ms", value / 1e3);
  return fmt::format("{:.1f} s", value / 1e6);
}

std::int64_t round_up_nicely(std::int64_t number) {
  for (std::int64_t power = 1; power < std::numeric_limits<std::int64_t>::max() / 10; power *= 10) {
    for (const std::int64_t step : {1, 2, 5}) {
      if (step * power >= number) return step * power;
    }
  }
  return number;
}

}  // namespace pgconsent::pages
