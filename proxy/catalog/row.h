// Reads the fields of one result row in text format, left to right. The first field that does not fit makes
// it fail; checked once at the end of the row.
#pragma once

#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parser/names/identifier.h"

namespace pgconsent::catalog {

class Row {
 public:
  explicit Row(std::span<const std::optional<std::string_view>> fields) : fields_(fields) {}

  bool complete() const { return ok_ && at_ == fields_.size(); }

  std::string_view text() { return required(); }
  std::optional<std::string_view> optional_text() {
    if (at_ == fields_.size()) return fail(), std::nullopt;
    return fields_[at_++];
  }
  template <class Number>
  Number number() {
    Number value{};
    std::string_view text = required();
    parse(text, value);
    return value;
  }
  parser::Oid oid() { return number<parser::Oid>(); }
  parser::Oid optional_oid() {
    if (at_ < fields_.size() && !fields_[at_]) return ++at_, 0;
    return oid();
  }
  bool flag() {
    std::string_view text = required();
    if (text != "t" && text != "f") fail();
    return text == "t";
  }
  char letter() {
    std::string_view text = required();
    if (text.size() != 1) return fail(), '\0';
    return text[0];
  }
  template <class Number>
  std::vector<Number> numbers() {  // "1 2 3"
    std::vector<Number> values;
    std::string_view text = required();
    while (!text.empty()) {
      std::size_t space = text.find(' ');
      parse(text.substr(0, space), values.emplace_back());
      text.remove_prefix(space == text.npos ? text.size() : space + 1);
    }
    return values;
  }

 private:
  std::string_view required() {
    if (at_ == fields_.size() || !fields_[at_]) return fail(), std::string_view{};
    return *fields_[at_++];
  }
  template <class Number>
  void parse(std::string_view text, Number& value) {
    const char* end = text.data() + text.size();
    auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end) fail();
  }
  void fail() { ok_ = false; }

  std::span<const std::optional<std::string_view>> fields_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace pgconsent::catalog
