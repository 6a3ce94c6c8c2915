#include "proxy/openness/document.h"

#include <algorithm>

namespace pgconsent::openness {

namespace {

bool is_mail_address(std::string_view text) {
  const std::size_t at = text.find('@');
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '+' || c == '@';
  };
  return at != 0 && at != std::string_view::npos && at == text.rfind('@') &&
         text.find('.', at) < text.size() - 1 && std::all_of(text.begin(), text.end(), allowed);
}

bool is_web_address(std::string_view text) {
  constexpr std::string_view unfit = "<>\"'`\\{}|^";
  return text.starts_with("https://") && text.size() > 8 &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return c > ' ' && c < 0x7f && unfit.find(c) == std::string_view::npos; });
}

}  // namespace

Inline plain(std::string text) {
  return {{Span::Kind::text, std::move(text)}};
}

Inline code(std::string text) {
  return {{Span::Kind::code, std::move(text)}};
}

Inline strong(std::string text) {
  return {{Span::Kind::strong, std::move(text)}};
}

Inline address(std::string text) {
  const bool is_link = is_mail_address(text) || is_web_address(text);
  return {{is_link ? Span::Kind::link : Span::Kind::text, std::move(text)}};
}

Inline& operator+=(Inline& left, const Inline& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Inline operator+(Inline left, const Inline& right) {
  left += right;
  return left;
}

Inline joined(const std::vector<Inline>& parts, std::string_view by) {
  Inline out;
  for (const Inline& part : parts) {
    if (!out.empty()) out += plain(std::string(by));
    out += part;
  }
  return out;
}

}  // namespace pgconsent::openness
