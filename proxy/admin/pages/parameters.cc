#include "proxy/admin/pages/parameters.h"

#include <algorithm>

#include "rules/utf8.h"

namespace pgconsent::pages {

namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_text(std::string_view text) {
  const bool control = std::any_of(text.begin(), text.end(), [](unsigned char c) {
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
  });
  return !control && rules::is_valid_utf8(text);
}

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out.push_back(' ');
    } else if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex(text[i + 1]), low = hex(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  if (!is_text(out)) return std::nullopt;
  return out;
}

// Calls `each` with every part between separators.
template <typename Each>
void split(std::string_view text, char separator, Each each) {
  for (std::size_t parts = 0; !text.empty() && parts < Parameters::max_parameters; ++parts) {
    const std::size_t end = std::min(text.find(separator), text.size());
    each(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

std::string_view Parameters::get(std::string_view name) const {
  for (const auto& [key, value] : all_) {
    if (key == name) return value;
  }
  return {};
}

void Parameters::add(std::string name, std::string value) {
  if (all_.size() < max_parameters) all_.emplace_back(std::move(name), std::move(value));
}

void Parameters::set(std::string_view name, std::string value) {
  std::erase_if(all_, [&](const auto& each) { return each.first == name; });
  if (!value.empty()) add(std::string(name), std::move(value));
}

std::string Parameters::to_query() const {
  std::string out;
  for (const auto& [name, value] : all_) {
    if (!out.empty()) out.push_back('&');
    out.append(encode(name)).append("=").append(encode(value));
  }
  return out;
}

Parameters parse_urlencoded(std::string_view text) {
  Parameters out;
  split(text, '&', [&](std::string_view part) {
    const std::size_t equals = std::min(part.find('='), part.size());
    auto name = decode(part.substr(0, equals), true);
    auto value = decode(part.substr(std::min(equals + 1, part.size())), true);
    if (name && value && !name->empty()) out.add(std::move(*name), std::move(*value));
  });
  return out;
}

Parameters parse_cookies(std::string_view header) {
  Parameters out;
  split(header, ';', [&](std::string_view part) {
    while (part.starts_with(' ')) part.remove_prefix(1);
    const std::size_t equals = part.find('=');
    if (equals != part.npos && equals > 0)
      out.add(std::string(part.substr(0, equals)), std::string(part.substr(equals + 1)));
  });
  return out;
}

std::optional<std::string> decode_path(std::string_view text) {
  return decode(text, false);
}

std::string encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF", plain = "-._~";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter || plain.find(c) != plain.npos) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
    }
  }
  return out;
}

}  // namespace pgconsent::pages
