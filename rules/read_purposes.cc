// categories: {health: {sensitive: true}} and
// purposes: {newsletter: {description: Newsletters, narrows: marketing, lawful_basis: {contact: consent}}}
#include <algorithm>
#include <charconv>

#include "rules/reader.h"
#include "rules/vocabulary.h"

namespace pgconsent::rules {

namespace {

void read_bases(const YamlNode& node, PurposeRule& purpose, const RuleSet& rules, Reporter& report) {
  if (!expect_map(node, "`lawful_basis`", report)) return;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    check_label(node.keys[i], "category", report);
    purpose.lawful_basis.push_back(read_bases_of_category(node.keys[i], node.items[i], rules, report));
  }
}

// `dpv:Marketing`, or an IRI in full.
std::optional<Text> read_dpv(const YamlNode& node, Reporter& report) {
  auto text = read_text(node, "`dpv`", report);
  if (!text) return std::nullopt;
  text->text = expand_dpv(text->text);
  if (!text->text.empty()) return text;
  report.error(node.at, "`dpv` is not an identifier",
               "write `dpv:Marketing`, `pd:EmailAddress`, or an IRI that begins with https://");
  return std::nullopt;
}

// `tcf: 3` or `tcf: [3, 4]`: purposes of the IAB's Transparency & Consent Framework.
std::vector<int> read_tcf(const YamlNode& node, Reporter& report) {
  std::vector<int> numbers;
  const bool is_list = node.kind == YamlNode::Kind::sequence;
  for (const YamlNode& item : is_list ? node.items : std::vector<YamlNode>{node}) {
    const auto text = read_text(item, "a purpose of the TCF", report);
    if (!text) continue;
    int number = 0;
    const char* end = text->text.data() + text->text.size();
    const auto [at, error] = std::from_chars(text->text.data(), end, number);
    if (error != std::errc() || at != end || number < 1 || number > most_tcf_purposes) {
      report.error(item.at, in_backticks(text->text) + " is not the number of a TCF purpose: 1 to 24");
    } else if (std::find(numbers.begin(), numbers.end(), number) != numbers.end()) {
      report.error(item.at, "TCF purpose " + text->text + " is listed twice");
    } else {
      numbers.push_back(number);
    }
  }
  return numbers;
}

}  // namespace

void read_categories(const YamlNode& node, RuleSet& rules, Reporter& report) {
  if (!expect_map(node, "`categories`", report)) return;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    CategoryRule category;
    category.name = node.keys[i];
    check_label(category.name, "category", report);
    Fields fields(node.items[i], "category " + in_backticks(category.name.text), report);
    if (const YamlNode* sensitive = fields.find("sensitive")) {
      category.sensitive = read_bool(*sensitive, "`sensitive`", report).value_or(true);
    }
    category.description = read_description(fields, report);
    if (const YamlNode* dpv = fields.find("dpv")) category.dpv = read_dpv(*dpv, report);
    fields.finish();
    rules.categories.push_back(std::move(category));
  }
}

// REQUIRES: the categories have been read.
void read_purposes(const YamlNode& node, RuleSet& rules, Reporter& report) {
  if (!expect_map(node, "`purposes`", report)) return;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    PurposeRule purpose;
    purpose.name = node.keys[i];
    check_label(purpose.name, "purpose", report);
    Fields fields(node.items[i], "purpose " + in_backticks(purpose.name.text), report);
    purpose.description = read_description(fields, report);
    if (const YamlNode* bases = fields.find("lawful_basis")) read_bases(*bases, purpose, rules, report);
    if (const YamlNode* narrows = fields.find("narrows")) {
      purpose.narrows = read_text(*narrows, "`narrows`", report);
    }
    if (const YamlNode* restricted = fields.find("under_restriction")) {
      purpose.under_restriction =
          read_choice(*restricted, "`under_restriction`", {"mask", "allow"}, report).value_or(0) == 1;
    }
    if (const YamlNode* dpv = fields.find("dpv")) purpose.dpv = read_dpv(*dpv, report);
    if (const YamlNode* tcf = fields.find("tcf")) purpose.tcf = read_tcf(*tcf, report);
    fields.finish();
    rules.purposes.push_back(std::move(purpose));
  }
}

}  // namespace pgconsent::rules
