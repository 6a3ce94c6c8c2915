// A YAML document as a tree in which every value knows its place. Smaller than YAML on purpose: no aliases,
// anchors, tags or merge keys, no duplicate keys, one document. Private to rules/ and proxy/config.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "rules/reporter.h"

namespace pgconsent::rules {

struct YamlNode {
  enum class Kind { null, scalar, sequence, map };
  Kind kind = Kind::null;
  std::string text;             // scalar
  std::vector<Text> keys;       // map: of the item at the same index
  std::vector<YamlNode> items;  // sequence and map
  Place at;
};

inline constexpr std::size_t max_yaml_bytes = 8u << 20;
inline constexpr std::size_t max_yaml_depth = 32;

// Empty when there is nothing to go on with (the reasons are reported). Never throws on bad input.
std::optional<YamlNode> parse_yaml(std::string_view text, Reporter& report);

}  // namespace pgconsent::rules
