#include "rules/mask_parser.h"

#include <array>
#include <charconv>
#include <limits>

#include "rules/suggest.h"

namespace pgconsent::rules {

namespace {

// Arguments by letter: n a number, s a string.
struct Form {
  std::string_view name;
  Mask::Kind kind;
  std::string_view arguments;
  std::string_view example;
};
constexpr std::array<Form, 10> forms{{
    {"null", Mask::Kind::null, "", "null"},
    {"constant", Mask::Kind::constant, "s", "constant('[withheld]')"},
    {"partial", Mask::Kind::partial, "nsn", "partial(1,'***',0)"},
    {"email", Mask::Kind::email, "", "email"},
    {"hash", Mask::Kind::hash, "", "hash"},
    {"pseudonym", Mask::Kind::pseudonym, "", "pseudonym"},
    {"year", Mask::Kind::year, "", "year"},
    {"month", Mask::Kind::month, "", "month"},
    {"round", Mask::Kind::round, "n", "round(-2)"},
    {"range", Mask::Kind::range, "n", "range(10)"},
}};

struct Argument {
  bool is_text = false;
  std::string text;
  std::int64_t number = 0;
};

class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  bool at_end() {
    skip_spaces();
    return rest_.empty();
  }
  bool take(char wanted) {
    skip_spaces();
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view take_word() {
    skip_spaces();
    std::size_t i = 0;
    while (i < rest_.size() && ((rest_[i] >= 'a' && rest_[i] <= 'z') || rest_[i] == '_')) ++i;
    auto word = rest_.substr(0, i);
    rest_.remove_prefix(i);
    return word;
  }
  std::optional<Argument> take_argument() {
    skip_spaces();
    if (!rest_.empty() && rest_.front() == '\'') return take_text();
    std::int64_t number = 0;
    auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (error != std::errc{}) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return Argument{false, {}, number};
  }

 private:
  void skip_spaces() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  std::optional<Argument> take_text() {
    Argument out{true, {}, 0};
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] != '\'') {
        out.text += rest_[i];
      } else if (i + 1 < rest_.size() && rest_[i + 1] == '\'') {
        out.text += rest_[i++];
      } else {
        rest_.remove_prefix(i + 1);
        return out;
      }
    }
    return std::nullopt;  // no closing quote
  }

  std::string_view rest_;
};

// Nothing when the text has not the shape word or word(argument, …).
std::optional<std::vector<Argument>> take_arguments(Cursor& cursor) {
  std::vector<Argument> arguments;
  if (cursor.at_end()) return arguments;
  if (!cursor.take('(')) return std::nullopt;
  do {
    auto argument = cursor.take_argument();
    if (!argument) return std::nullopt;
    arguments.push_back(std::move(*argument));
  } while (cursor.take(','));
  if (!cursor.take(')') || !cursor.at_end()) return std::nullopt;
  return arguments;
}

bool fits(const Form& form, const std::vector<Argument>& arguments) {
  if (arguments.size() != form.arguments.size()) return false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].is_text != (form.arguments[i] == 's')) return false;
  }
  return true;
}

// Empty when the value is in range.
std::string range_problem(const Argument& argument, std::int64_t low, std::int64_t high,
                          std::string_view what) {
  if (argument.number >= low && argument.number <= high) return {};
  return std::string(what) + " must be " + std::to_string(low) + " to " + std::to_string(high) + ", not " +
         std::to_string(argument.number);
}

std::string fill(Mask& mask, std::vector<Argument>& arguments) {
  constexpr std::int64_t most_characters = 1000, most_digits = 15;
  std::string problem;
  switch (mask.kind) {
    case Mask::Kind::constant:
      mask.text = std::move(arguments[0].text);
      break;
    case Mask::Kind::partial:
      problem = range_problem(arguments[0], 0, most_characters, "the characters kept in front");
      if (problem.empty())
        problem = range_problem(arguments[2], 0, most_characters, "the characters kept at the end");
      if (!problem.empty()) break;
      mask.prefix = static_cast<int>(arguments[0].number);
      mask.text = std::move(arguments[1].text);
      mask.suffix = static_cast<int>(arguments[2].number);
      break;
    case Mask::Kind::round:
      problem = range_problem(arguments[0], -most_digits, most_digits, "the digits of round");
      mask.step = arguments[0].number;
      break;
    case Mask::Kind::range:
      problem =
          range_problem(arguments[0], 1, std::numeric_limits<std::int64_t>::max(), "the width of range");
      mask.step = arguments[0].number;
      break;
    case Mask::Kind::null:
    case Mask::Kind::email:
    case Mask::Kind::hash:
    case Mask::Kind::pseudonym:
    case Mask::Kind::year:
    case Mask::Kind::month:
      break;
  }
  return problem;
}

}  // namespace

std::optional<Mask> parse_mask(const Text& written, Reporter& report) {
  Cursor cursor(written.text);
  const std::string_view word = cursor.take_word();
  const Form* form = nullptr;
  std::vector<std::string> names;
  for (const Form& candidate : forms) {
    if (candidate.name == word) form = &candidate;
    names.emplace_back(candidate.name);
  }
  if (form == nullptr) {
    const std::string_view asked = word.empty() ? std::string_view(written.text) : word;
    report.error(
        written.at, "unknown mask " + in_backticks(written.text),
        did_you_mean(asked, names,
                     "known: null, constant('…'), partial(prefix,'pad',suffix), email, hash, pseudonym, "
                     "year, month, round(n), range(n)"));
    return std::nullopt;
  }
  auto arguments = take_arguments(cursor);
  if (!arguments || !fits(*form, *arguments)) {
    report.error(written.at, "mask " + in_backticks(written.text) + " is not well-formed",
                 "write it like " + in_backticks(form->example));
    return std::nullopt;
  }
  Mask mask;
  mask.kind = form->kind;
  if (std::string problem = fill(mask, *arguments); !problem.empty()) {
    report.error(written.at, "mask " + in_backticks(written.text) + ": " + problem);
    return std::nullopt;
  }
  return mask;
}

std::string_view to_string(Mask::Kind kind) {
  for (const Form& form : forms) {
    if (form.kind == kind) return form.name;
  }
  return "";
}

}  // namespace pgconsent::rules
