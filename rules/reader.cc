#include "rules/reader.h"

#include <fstream>

#include "rules/digest.h"
#include "rules/rule_set.h"

namespace pgconsent::rules {

namespace {

void read_version(Fields& top, Reporter& report) {
  const YamlNode* node = top.require("version", "write `version: 1` at the top");
  if (node == nullptr) return;
  auto version = read_text(*node, "`version`", report);
  if (version && version->text != "1") {
    report.error(version->at, "version " + in_backticks(version->text) + " is not known",
                 "this pgconsent reads version 1");
  }
}

void read_sections(const YamlNode& root, RuleSet& rules, Reporter& report) {
  Fields top(root, "the file", report);
  if (!top) return;
  read_version(top, report);
  using Read = void (*)(const YamlNode&, RuleSet&, Reporter&);
  const std::pair<std::string_view, Read> sections[] = {
      {"controller", read_controller},     {"subjects", read_subjects},   {"consent", read_consent},
      {"categories", read_categories},     {"purposes", read_purposes},   {"tables", read_tables},
      {"applications", read_applications}, {"functions", read_functions},
  };
  for (auto [key, read] : sections) {
    if (const YamlNode* node = top.find(key)) read(*node, rules, report);
  }
  if (const YamlNode* node = top.find("unlisted_tables")) {
    auto choice = read_choice(*node, "`unlisted_tables`", {"allow", "refuse"}, report);
    rules.refuse_unlisted_tables = choice.value_or(1) == 1;
  }
  top.finish();
}

}  // namespace

std::optional<Text> read_identifier(const YamlNode& node, std::string_view what, Reporter& report) {
  auto text = read_text(node, what, report);
  return text ? parse_identifier(*text, "column name", report) : std::nullopt;
}

std::optional<TableName> read_table_name(const YamlNode& node, std::string_view what, Reporter& report) {
  auto text = read_text(node, what, report);
  return text ? parse_table_name(*text, false, report) : std::nullopt;
}

ReadResult parse_rules(std::string_view yaml, const std::string& file_name) {
  ReadResult result;
  Reporter report(file_name, result.diagnostics);
  auto root = parse_yaml(yaml, report);
  if (root) {
    auto rules = std::make_shared<RuleSet>();
    rules->file = file_name;
    rules->digest = sha256_hex(yaml);
    read_sections(*root, *rules, report);
    validate(*rules, report);
    if (report.errors() == 0) {
      check_coverage(*rules, report);
      if (rules->digest.empty()) report.error({}, "SHA-256 is not available in the OpenSSL library");
    }
    if (report.errors() == 0) result.rules = std::move(rules);
  }
  sort_by_place(result.diagnostics);
  return result;
}

ReadResult read_rules(const std::filesystem::path& file) {
  ReadResult result;
  Reporter report(file.string(), result.diagnostics);
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) {
    report.error({}, "the rules file can't be read: " + (error ? error.message() : "it does not exist"));
    return result;
  }
  if (!std::filesystem::is_regular_file(status)) {  // a pipe or a device may never end
    report.error({}, "the rules file can't be read: it is not a regular file");
    return result;
  }
  std::ifstream in(file, std::ios::binary);
  std::string text(max_yaml_bytes + 1, '\0');  // one byte more than allowed: parse_yaml() reports it
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.eof() && !in.good()) {
    report.error({}, "the rules file can't be read", "may this user read it?");
    return result;
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  return parse_rules(text, file.string());
}

}  // namespace pgconsent::rules
