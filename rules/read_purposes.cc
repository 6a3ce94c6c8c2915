// categories: {health: {sensitive: true}} and
// purposes: {marketing: {description: Newsletters, lawful_basis: {contact: consent, identity: [contract,
// consent]}}}
#include <algorithm>

#include "rules/reader.h"
#include "rules/suggest.h"

namespace pgconsent::rules {

namespace {

constexpr LawfulBasis all_bases[] = {LawfulBasis::consent,          LawfulBasis::contract,
                                     LawfulBasis::legal_obligation, LawfulBasis::vital_interests,
                                     LawfulBasis::public_task,      LawfulBasis::legitimate_interests};

std::optional<LawfulBasis> basis_named(const Text& name, Reporter& report) {
  std::vector<std::string> names;
  for (LawfulBasis basis : all_bases) {
    if (name.text == to_string(basis)) return basis;
    names.emplace_back(to_string(basis));
  }
  report.error(name.at, "unknown lawful basis " + in_backticks(name.text),
               did_you_mean(name.text, names, "known: " + list_of(names, " and ")));
  return std::nullopt;
}

bool is_sensitive(const RuleSet& rules, std::string_view category) {
  return std::any_of(rules.categories.begin(), rules.categories.end(),
                     [&](const CategoryRule& rule) { return rule.sensitive && rule.name.text == category; });
}

void read_basis(const YamlNode& node, BasisRule& rule, const RuleSet& rules, Reporter& report) {
  if (node.kind == YamlNode::Kind::map) {  // {contract: {when: …}}
    for (const Text& key : node.keys) basis_named(key, report);
    report.error(node.at, "a condition on a lawful basis is not supported yet",
                 "name the basis alone: `contract`");
    return;
  }
  auto name = read_text(node, "a lawful basis", report);
  auto basis = name ? basis_named(*name, report) : std::nullopt;
  if (!basis) return;
  if (*basis == LawfulBasis::legitimate_interests) {
    if (is_sensitive(rules, rule.category.text)) {
      report.error(
          node.at,
          "sensitive category " + in_backticks(rule.category.text) + " can't rest on `legitimate_interests`",
          "Art. 9 GDPR knows no such exception");
    } else {
      report.error(node.at,
                   "lawful basis `legitimate_interests` is not supported yet: no source of objections");
    }
  }
  if (std::find(rule.bases.begin(), rule.bases.end(), *basis) != rule.bases.end()) {
    report.error(node.at, "lawful basis " + in_backticks(name->text) + " is listed twice");
    return;
  }
  rule.bases.push_back(*basis);
}

void read_bases(const YamlNode& node, PurposeRule& purpose, const RuleSet& rules, Reporter& report) {
  if (!expect_map(node, "`lawful_basis`", report)) return;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    BasisRule rule;
    rule.category = node.keys[i];
    check_label(rule.category, "category", report);
    const YamlNode& value = node.items[i];
    if (value.kind == YamlNode::Kind::sequence) {
      for (const YamlNode& item : value.items) read_basis(item, rule, rules, report);
    } else {
      read_basis(value, rule, rules, report);
    }
    purpose.lawful_basis.push_back(std::move(rule));
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
    if (const YamlNode* description = fields.find("description")) {
      if (auto text = read_text(*description, "`description`", report))
        purpose.description = std::move(text->text);
    }
    if (const YamlNode* bases = fields.find("lawful_basis")) read_bases(*bases, purpose, rules, report);
    fields.finish();
    rules.purposes.push_back(std::move(purpose));
  }
}

}  // namespace pgconsent::rules
