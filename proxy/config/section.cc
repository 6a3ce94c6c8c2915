#include "proxy/config/section.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "rules/duration.h"
#include "rules/suggest.h"

namespace pgconsent::config {

using rules::YamlNode;

namespace {

std::string list(std::initializer_list<std::string_view> names) {
  std::string out;
  for (std::string_view name : names) out.append(out.empty() ? "`" : ", `").append(name).append("`");
  return out;
}

// "64MB" -> 64, "MB"; nothing when it does not start with digits.
std::optional<std::pair<std::int64_t, std::string_view>> split_unit(std::string_view text) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0) return {};
  std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  return std::pair{value, unit};
}

}  // namespace

Section::Section(const Source& source, const YamlNode& node, std::string path, std::vector<std::string> keys)
    : source_(source), node_(&node), at_(node.at), path_(std::move(path)) {
  if (node.kind != YamlNode::Kind::map) {
    report().error(at_, path_.empty() ? "the file is not a mapping of keys to values"
                                      : "`" + path_ + "` must be a mapping of keys to values");
    node_ = nullptr;
    return;
  }
  for (const rules::Text& key : node.keys) {
    if (std::find(keys.begin(), keys.end(), key.text) != keys.end()) continue;
    report().error(
        key.at, "unknown key " + rules::in_backticks(key.text) + (path_.empty() ? "" : " in `" + path_ + "`"),
        rules::did_you_mean(key.text, keys));
  }
}

const YamlNode* Section::find(std::string_view key) const {
  if (node_ == nullptr) return nullptr;
  for (std::size_t i = 0; i < node_->keys.size(); ++i) {
    if (node_->keys[i].text == key) return &node_->items[i];
  }
  return nullptr;
}

rules::Place Section::place(std::string_view key) const {
  const YamlNode* value = find(key);
  return value != nullptr ? value->at : at_;
}

std::string Section::name(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

bool Section::require(std::string_view key, std::string hint) const {
  if (node_ != nullptr && !has(key)) report().error(at_, "`" + name(key) + "` is missing", std::move(hint));
  return has(key);
}

Section Section::section(std::string_view key, std::vector<std::string> keys) const {
  return Section(source_, *find(key), name(key), std::move(keys));
}

std::optional<std::string> Section::scalar(std::string_view key, std::string_view wanted) const {
  const YamlNode* value = find(key);
  if (value == nullptr) return {};
  if (value->kind != YamlNode::Kind::scalar || value->text.empty() ||
      value->text.find('\0') != std::string::npos) {
    report().error(value->at, "`" + name(key) + "` must be " + std::string(wanted));
    return {};
  }
  return value->text;
}

void Section::bad_value(std::string_view key, std::string_view value, std::string hint) const {
  report().error(place(key), rules::in_backticks(value) + " is not a value of `" + name(key) + "`",
                 std::move(hint));
}

void Section::text(std::string_view key, std::string& out) const {
  if (auto value = scalar(key, "a text")) out = *value;
}

void Section::choice(std::string_view key, std::initializer_list<std::string_view> names,
                     std::size_t& out) const {
  auto value = scalar(key, "one of " + list(names));
  if (!value) return;
  auto it = std::find(names.begin(), names.end(), *value);
  if (it == names.end()) {
    bad_value(key, *value, "use one of " + list(names));
    return;
  }
  out = static_cast<std::size_t>(it - names.begin());
}

void Section::number(std::string_view key, std::int64_t min, std::int64_t max, std::int64_t& out) const {
  auto value = scalar(key, "a number");
  if (!value) return;
  auto parsed = split_unit(*value);
  if (!parsed || !parsed->second.empty() || parsed->first < min || parsed->first > max) {
    bad_value(key, *value, "use a number from " + std::to_string(min) + " to " + std::to_string(max));
    return;
  }
  out = parsed->first;
}

void Section::duration(std::string_view key, std::chrono::milliseconds& out) const {
  auto value = scalar(key, "a time such as `60s`");
  if (!value) return;
  if (auto parsed = rules::parse_duration(*value)) {
    out = *parsed;
  } else {
    bad_value(key, *value, std::string(rules::duration_hint));
  }
}

void Section::age_limit(std::string_view key, std::chrono::milliseconds& out) const {
  auto value = scalar(key, "a time such as `60s`");
  if (!value) return;
  if (auto parsed = rules::parse_age_limit(*value)) {
    out = *parsed;
  } else {
    bad_value(key, *value, std::string(rules::age_limit_hint));
  }
}

void Section::period(std::string_view key, std::chrono::milliseconds& out) const {
  auto value = scalar(key, "a time such as `90d`");
  if (!value) return;
  if (*value == "unlimited") {
    out = std::chrono::milliseconds(0);
    return;
  }
  constexpr std::int64_t max = std::int64_t{36'525} * 86'400;
  constexpr std::pair<std::string_view, std::int64_t> units[] = {
      {"", 1}, {"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86'400}};
  const auto parsed = split_unit(*value);
  for (const auto& [unit, seconds] : units) {
    if (!parsed || parsed->second != unit || parsed->first < 1 || parsed->first > max / seconds) continue;
    out = std::chrono::seconds(parsed->first * seconds);
    return;
  }
  bad_value(key, *value, "use a time from `1s` to `36525d`, with a unit of s, min, h or d, or `unlimited`");
}

void Section::bytes(std::string_view key, std::size_t min, std::size_t max, std::size_t& out) const {
  auto value = scalar(key, "a size such as `16MB`");
  if (!value) return;
  int shift = -1;
  auto parsed = split_unit(*value);
  if (parsed) {
    std::string_view unit = parsed->second;
    shift = unit.empty() || unit == "B" ? 0 : unit == "kB" ? 10 : unit == "MB" ? 20 : unit == "GB" ? 30 : -1;
  }
  std::size_t count = parsed ? static_cast<std::size_t>(parsed->first) : 0;
  if (shift < 0 || count > (max >> shift) || (count << shift) < min) {
    bad_value(key, *value,
              "use a size from " + std::to_string(min) + " to " + std::to_string(max) +
                  " bytes, with a unit of B, kB, MB or GB");
    return;
  }
  out = count << shift;
}

void Section::texts(std::string_view key, std::vector<rules::Text>& out) const {
  const YamlNode* value = find(key);
  if (value == nullptr) return;
  if (value->kind != YamlNode::Kind::sequence || value->items.empty()) {
    report().error(value->at, "`" + name(key) + "` must be a list of texts");
    return;
  }
  for (const YamlNode& item : value->items) {
    if (item.kind != YamlNode::Kind::scalar || item.text.empty() ||
        item.text.find('\0') != std::string::npos) {
      report().error(item.at, "an entry of `" + name(key) + "` must be a text");
      continue;
    }
    out.push_back({item.text, item.at});
  }
}

void Section::path(std::string_view key, std::filesystem::path& out, bool must_be_readable) const {
  auto value = scalar(key, "a path");
  if (!value) return;
  out = (source_.directory / *value).lexically_normal();
  std::error_code ignored;
  if (must_be_readable && (::access(out.c_str(), R_OK) != 0 || std::filesystem::is_directory(out, ignored))) {
    report().error(place(key),
                   "can't read the file " + rules::in_backticks(out.string()) + " of `" + name(key) + "`",
                   "relative paths start at the directory of this file");
  }
}

}  // namespace pgconsent::config
