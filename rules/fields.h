// Reading a map of known keys: each key is asked for once, the rest is reported with the nearest known one.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/yaml_tree.h"

namespace pgconsent::rules {

class Fields {
 public:
  // Reports when the node is not a map: every lookup then finds nothing. `what` names it in messages.
  Fields(const YamlNode& node, std::string what, Reporter& report);
  explicit operator bool() const { return node_ != nullptr; }

  const YamlNode* find(std::string_view key);
  const YamlNode* require(std::string_view key, std::string hint = {});
  // Reports the keys that nobody asked for.
  void finish();

 private:
  const YamlNode* node_;
  std::string what_;
  Reporter& report_;
  std::vector<std::string> known_;
};

// Each reports and returns nothing when the node does not have the wanted form.
std::optional<Text> read_text(const YamlNode& node, std::string_view what, Reporter& report);
std::optional<bool> read_bool(const YamlNode& node, std::string_view what, Reporter& report);
// The index of the choice.
std::optional<std::size_t> read_choice(const YamlNode& node, std::string_view what,
                                       std::initializer_list<std::string_view> choices, Reporter& report);
bool expect_map(const YamlNode& node, std::string_view what, Reporter& report);
bool expect_list(const YamlNode& node, std::string_view what, Reporter& report);

// Names of purposes, categories and subject kinds: letters, digits, `_ - . :`. Reports and returns false
// otherwise.
bool check_label(const Text& name, std::string_view what, Reporter& report);

// "`a`, `b` or `c`"
std::string list_of(const std::vector<std::string>& names, std::string_view last = " or ");

}  // namespace pgconsent::rules
