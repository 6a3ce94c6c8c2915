// Names and values of a query string, a form or a Cookie header. Bounded: more than max_parameters are cut
// off.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgconsent::pages {

class Parameters {
 public:
  static constexpr std::size_t max_parameters = 64;

  // The first of that name; empty when there is none.
  std::string_view get(std::string_view name) const;
  void add(std::string name, std::string value);
  // In place of all of that name; an empty value takes them out.
  void set(std::string_view name, std::string value);
  const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }
  // "a=1&b=x%20y", in order.
  std::string to_query() const;

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

// application/x-www-form-urlencoded. What is not valid UTF-8, or holds a control character other than tab and
// line ends, is left out: no filter could mean it.
Parameters parse_urlencoded(std::string_view text);
Parameters parse_cookies(std::string_view header);
// %XX; nullopt where it is not well-formed, or not text.
std::optional<std::string> decode_path(std::string_view text);
std::string encode(std::string_view text);

}  // namespace pgconsent::pages
