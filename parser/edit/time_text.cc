// Which texts PostgreSQL reads as the same date, time or interval whatever DateStyle, IntervalStyle and
// TimeZone are.
#include <algorithm>
#include <cctype>
#include <vector>

#include "parser/edit/condition_settings.h"

namespace pgconsent::parser {

namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool done() const { return at_ == text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  int digits() {
    const std::size_t from = at_;
    while (std::isdigit(static_cast<unsigned char>(peek())) != 0) ++at_;
    return static_cast<int>(at_ - from);
  }
  std::string word() {
    std::string out;
    for (; std::isalpha(static_cast<unsigned char>(peek())) != 0; ++at_)
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(peek())));
    return out;
  }
  void spaces() {
    while (peek() == ' ') ++at_;
  }

  // 2024-02-29: the year has four digits, or more, and stands first.
  bool date() { return digits() >= 4 && take('-') && digits() == 2 && take('-') && digits() == 2; }
  // 10:30[:00[.5]]
  bool time() {
    if (digits() != 2 || !take(':') || digits() != 2) return false;
    if (!take(':')) return true;
    return digits() == 2 && (!take('.') || digits() > 0);
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

bool is_date_or_stamp(std::string_view text) {
  Reader reader(text);
  if (!reader.date()) return false;
  if (reader.done()) return true;
  if (!reader.take(' ') && !reader.take('T')) return false;
  // Time stamps are in UTC here; another zone would be left out without a word.
  if (!reader.time()) return false;
  return reader.done() || (reader.take('Z') && reader.done());
}

bool is_time(std::string_view text) {
  Reader reader(text);
  return reader.time() && reader.done();
}

bool is_unit(std::string word) {
  static constexpr std::string_view units[] = {
      "microsecond", "millisecond", "second", "sec",  "minute", "min",     "hour",     "day",
      "week",        "month",       "mon",    "year", "decade", "century", "centurie", "millennium"};
  if (word.size() > 1 && word.back() == 's') word.pop_back();
  return std::find(std::begin(units), std::end(units), word) != std::end(units);
}

// 1 year 2 months -3 days: a sign in front of several fields is read by IntervalStyle.
bool is_interval(std::string_view text) {
  Reader reader(text);
  const bool minus = reader.peek() == '-';
  int fields = 0;
  for (reader.spaces(); !reader.done(); reader.spaces(), ++fields) {
    if (!reader.take('-')) reader.take('+');
    if (reader.digits() == 0) return false;
    if (reader.take('.') && reader.digits() == 0) return false;
    reader.spaces();
    if (!is_unit(reader.word())) return false;
  }
  return fields == 1 || (fields > 1 && !minus);
}

}  // namespace

bool is_plain_time(std::string_view text) {
  static constexpr std::string_view words[] = {"infinity", "-infinity", "epoch"};
  return std::find(std::begin(words), std::end(words), text) != std::end(words) || is_date_or_stamp(text) ||
         is_time(text) || is_interval(text);
}

}  // namespace pgconsent::parser
