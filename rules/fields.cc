#include "rules/fields.h"

#include <algorithm>

#include "rules/suggest.h"

namespace pgconsent::rules {

namespace {

std::string_view kind_name(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::scalar:
      return "a single value";
    case YamlNode::Kind::sequence:
      return "a list";
    case YamlNode::Kind::map:
      return "a map";
  }
  return "";
}

bool expect(YamlNode::Kind wanted, const YamlNode& node, std::string_view what, Reporter& report) {
  if (node.kind == wanted) return true;
  report.error(node.at, std::string(what) + " must be " + std::string(kind_name(wanted)) + ", not " +
                            std::string(kind_name(node.kind)));
  return false;
}

}  // namespace

Fields::Fields(const YamlNode& node, std::string what, Reporter& report)
    : node_(expect_map(node, what, report) ? &node : nullptr), what_(std::move(what)), report_(report) {}

const YamlNode* Fields::find(std::string_view key) {
  known_.emplace_back(key);
  if (node_ == nullptr) return nullptr;
  for (std::size_t i = 0; i < node_->keys.size(); ++i) {
    if (node_->keys[i].text == key) return &node_->items[i];
  }
  return nullptr;
}

const YamlNode* Fields::require(std::string_view key, std::string hint) {
  const YamlNode* found = find(key);
  if (found == nullptr && node_ != nullptr) {
    report_.error(node_->at, what_ + " has no " + in_backticks(key), std::move(hint));
  }
  return found;
}

void Fields::finish() {
  if (node_ == nullptr) return;
  for (const Text& key : node_->keys) {
    if (std::find(known_.begin(), known_.end(), key.text) == known_.end()) {
      report_.error(key.at, "unknown key " + in_backticks(key.text) + " in " + what_,
                    did_you_mean(key.text, known_, "known: " + list_of(known_, " and ")));
    }
  }
}

std::optional<Text> read_text(const YamlNode& node, std::string_view what, Reporter& report) {
  if (!expect(YamlNode::Kind::scalar, node, what, report)) return std::nullopt;
  return Text{node.text, node.at};
}

std::optional<bool> read_bool(const YamlNode& node, std::string_view what, Reporter& report) {
  auto choice = read_choice(node, what, {"false", "true"}, report);
  if (!choice) return std::nullopt;
  return *choice == 1;
}

std::optional<std::size_t> read_choice(const YamlNode& node, std::string_view what,
                                       std::initializer_list<std::string_view> choices, Reporter& report) {
  auto value = read_text(node, what, report);
  if (!value) return std::nullopt;
  auto it = std::find(choices.begin(), choices.end(), value->text);
  if (it != choices.end()) return static_cast<std::size_t>(it - choices.begin());
  std::vector<std::string> names(choices.begin(), choices.end());
  report.error(value->at, std::string(what) + " can't be " + in_backticks(value->text),
               did_you_mean(value->text, names, "it is " + list_of(names)));
  return std::nullopt;
}

bool expect_map(const YamlNode& node, std::string_view what, Reporter& report) {
  return expect(YamlNode::Kind::map, node, what, report);
}

bool expect_list(const YamlNode& node, std::string_view what, Reporter& report) {
  return expect(YamlNode::Kind::sequence, node, what, report);
}

bool check_label(const Text& name, std::string_view what, Reporter& report) {
  constexpr std::size_t longest = 63;
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
  };
  if (!name.text.empty() && name.text.size() <= longest &&
      std::all_of(name.text.begin(), name.text.end(), allowed)) {
    return true;
  }
  report.error(name.at, in_backticks(name.text) + " can't be the name of a " + std::string(what),
               "a name is 1 to 63 letters, digits, `_`, `-`, `.` or `:`");
  return false;
}

std::string list_of(const std::vector<std::string>& names, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? last : ", ";
    out += in_backticks(names[i]);
  }
  return out;
}

}  // namespace pgconsent::rules
