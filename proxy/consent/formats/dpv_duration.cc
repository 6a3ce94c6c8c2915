#include "proxy/consent/formats/dpv_duration.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "proxy/consent/formats/event.h"

namespace pgconsent::consent {

namespace {

struct Duration {
  int months = 0;
  std::int64_t days = 0, seconds = 0;
};

// P1Y2M3W4DT5H6M7S, each part at most once and in this order.
bool parse(std::string_view text, Duration& out) {
  if (text.size() < 3 || text[0] != 'P') return false;
  bool time = false;
  std::string_view units = "YMWD";
  for (text.remove_prefix(1); !text.empty();) {
    if (text[0] == 'T') {
      if (time || text.size() < 3) return false;
      time = true;
      units = "HMS";
      text.remove_prefix(1);
    }
    int number = 0;
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0 || number > 100000 || at == text.data() + text.size())
      return false;
    const std::size_t unit = units.find(*at);
    if (unit == units.npos) return false;
    switch (*at) {
      case 'Y':
        if (number > 1000) return false;
        out.months += 12 * number;
        break;
      case 'M':
        if (time)
          out.seconds += 60LL * number;
        else
          out.months += number;
        if (out.months > 24000) return false;
        break;
      case 'W':
        out.days += 7LL * number;
        break;
      case 'D':
        out.days += number;
        break;
      case 'H':
        out.seconds += 3600LL * number;
        break;
      default:
        out.seconds += number;
    }
    units.remove_prefix(unit + 1);
    text.remove_prefix(at - text.data() + 1);
  }
  return true;
}

int number(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  std::from_chars(text.data() + at, text.data() + at + count, value);
  return value;
}

}  // namespace

std::string time_after(std::string_view time, std::string_view duration) {
  using namespace std::chrono;
  Duration add;
  if (!value_problem("occurred_at", time).empty() || !parse(duration, add)) return {};
  year_month_day date{year(number(time, 0, 4)), month(static_cast<unsigned>(number(time, 5, 2))),
                      day(static_cast<unsigned>(number(time, 8, 2)))};
  date += months(add.months);
  if (!date.ok()) date = date.year() / date.month() / last;
  const bool is_date = time.size() == 10;
  const std::int64_t second =
      is_date ? 0 : number(time, 11, 2) * 3600LL + number(time, 14, 2) * 60LL + number(time, 17, 2);
  const seconds all = sys_days(date).time_since_epoch() + days(add.days) + seconds(second + add.seconds);
  const days day_part = floor<days>(all);
  const year_month_day end{sys_days(day_part)};
  if (static_cast<int>(end.year()) > 9999) return {};
  const hh_mm_ss clock(all - day_part);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}", static_cast<int>(end.year()),
                     static_cast<unsigned>(end.month()), static_cast<unsigned>(end.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     is_date ? std::string_view("Z") : time.substr(19));
}

}  // namespace pgconsent::consent
