// HTML being written. Markup is text known when this is compiled; everything else is escaped: there is no way
// for a value to become markup.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace pgconsent::pages {

class Markup {
 public:
  consteval Markup(const char* text, std::size_t size) : text_(text, size) {}
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};
namespace literals {
consteval Markup operator""_m(const char* text, std::size_t size) {
  return {text, size};
}
}  // namespace literals

// For text and for values of attributes in double quotes: & < > " ' and backtick.
void append_escaped(std::string& out, std::string_view text);

class Html {
 public:
  Html& operator<<(Markup markup) {
    out_.append(markup.text());
    return *this;
  }
  Html& operator<<(std::string_view text) {
    append_escaped(out_, text);
    return *this;
  }
  Html& operator<<(const std::string& text) { return *this << std::string_view(text); }
  Html& operator<<(const char* text) { return *this << std::string_view(text); }
  template <std::integral Number>
  requires(!std::same_as<Number, bool> && !std::same_as<Number, char>) Html& operator<<(Number number) {
    out_.append(std::to_string(number));
    return *this;
  }
  // What was written by another of these.
  Html& operator<<(const Html& other) {
    out_.append(other.out_);
    return *this;
  }
  Html& operator<<(bool) = delete;

  bool empty() const { return out_.empty(); }
  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace pgconsent::pages
