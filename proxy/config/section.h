// One mapping of a YAML file, read key by key: says what is missing, misspelt or of the wrong kind.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/yaml_tree.h"

namespace pgconsent::config {

// What all sections of a file share.
struct Source {
  rules::Reporter& report;
  const std::filesystem::path& directory;  // what relative paths start from
};

class Section {
 public:
  // `path` is the section's name for messages, empty at the top. `keys` are all that may occur.
  Section(const Source& source, const rules::YamlNode& node, std::string path, std::vector<std::string> keys);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  const rules::YamlNode* find(std::string_view key) const;
  // The value's place; the section's own when the key is missing.
  rules::Place place(std::string_view key) const;
  bool require(std::string_view key, std::string hint) const;
  // REQUIRES: has(key)
  Section section(std::string_view key, std::vector<std::string> keys) const;

  // Each leaves `out` alone when the key is missing or wrong (the latter is reported).
  void text(std::string_view key, std::string& out) const;
  void choice(std::string_view key, std::initializer_list<std::string_view> names, std::size_t& out) const;
  void number(std::string_view key, std::int64_t min, std::int64_t max, std::int64_t& out) const;
  void duration(std::string_view key, std::chrono::milliseconds& out) const;
  // `unlimited` is zero.
  void age_limit(std::string_view key, std::chrono::milliseconds& out) const;
  // From a second to a hundred years; `unlimited` is zero.
  void period(std::string_view key, std::chrono::milliseconds& out) const;
  void bytes(std::string_view key, std::size_t min, std::size_t max, std::size_t& out) const;
  void texts(std::string_view key, std::vector<rules::Text>& out) const;
  // Made absolute; with `must_be_readable` the file has to be there.
  void path(std::string_view key, std::filesystem::path& out, bool must_be_readable) const;

  rules::Reporter& report() const { return source_.report; }
  std::string name(std::string_view key) const;

 private:
  std::optional<std::string> scalar(std::string_view key, std::string_view wanted) const;
  void bad_value(std::string_view key, std::string_view value, std::string hint) const;

  Source source_;
  const rules::YamlNode* node_;  // null when it is not a map
  rules::Place at_;
  std::string path_;
};

}  // namespace pgconsent::config
