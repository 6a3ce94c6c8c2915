// categories: {health: {sensitive: true}} and
// purposes: {newsletter: {description: Newsletters, narrows: marketing, lawful_basis: {contact: consent}}}
#include "rules/reader.h"

namespace pgconsent::rules {

namespace {

void read_bases(const YamlNode& node, PurposeRule& purpose, const RuleSet& rules, Reporter& report) {
  if (!expect_map(node, "`lawful_basis`", report)) return;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    check_label(node.keys[i], "category", report);
    purpose.lawful_basis.push_back(read_bases_of_category(node.keys[i], node.items[i], rules, report));
  }
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
    fields.finish();
    rules.purposes.push_back(std::move(purpose));
  }
}

}  // namespace pgconsent::rules
