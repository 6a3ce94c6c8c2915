#include <atomic>

#include "rules/binder.h"
#include "rules/reader.h"
#include "rules/rule_set.h"
#include "rules/suggest.h"

namespace pgconsent::rules {

namespace {

std::uint64_t next_version() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

void bind_purposes(Binding& binding) {
  for (const CategoryRule& rule : binding.rules.categories) {
    if (rule.sensitive) binding.policy.sensitive_categories.insert(rule.name.text);
    if (!rule.description.empty())
      binding.policy.category_descriptions.emplace(rule.name.text, rule.description);
  }
  for (const PurposeRule& rule : binding.rules.purposes) {
    Purpose purpose;
    purpose.name = rule.name.text;
    purpose.description = rule.description;
    purpose.under_restriction = rule.under_restriction;
    for (const PurposeRule* wider : chain_of(binding.rules, rule)) {
      if (wider != &rule) purpose.wider.push_back(wider->name.text);
    }
    for (const BasisRule& basis : rule.lawful_basis) {
      CategoryBases& bases = purpose.lawful_basis[basis.category.text];
      for (const BasisRule::Alternative& alternative : basis.alternatives) {
        ListedBases& listed = alternative.regime ? bases.by_regime[*alternative.regime] : bases.bases;
        for (const BasisEntry& entry : alternative.bases) listed.push_back(entry.listed);
      }
    }
    binding.policy.purposes.emplace(rule.name.text, std::move(purpose));
  }
}

}  // namespace

void bind_applications(Binding& binding, Reporter& report) {
  std::vector<std::string> roles;
  for (const auto& [name, role] : binding.catalog.roles) roles.push_back(display_identifier(name));
  for (const ApplicationRule& rule : binding.rules.applications) {
    if (!binding.catalog.roles.contains(rule.role.text)) {
      report.warning(rule.role.at,
                     "role " + in_backticks(display_identifier(rule.role.text)) + " does not exist",
                     did_you_mean(display_identifier(rule.role.text), roles));
    }
    Application application{rule.role.text, {}, rule.exempt, rule.max_snapshot_age, rule.description};
    for (const Text& purpose : rule.purposes) application.purposes.push_back(purpose.text);
    binding.policy.applications.emplace(rule.role.text, std::move(application));
  }
}

BindResult bind_rules(const RuleSet& rules, const parser::Snapshot& catalog) {
  BindResult result;
  Reporter report(rules.file, result.diagnostics);
  Binding binding{rules, catalog, {}};
  binding.policy.digest = rules.digest;
  binding.policy.refuse_unlisted_tables = rules.refuse_unlisted_tables;
  binding.policy.controller = rules.controller;
  bind_purposes(binding);
  bind_subjects(binding, report);
  bind_consent(binding, report);
  bind_tables(binding, report);
  bind_functions(binding, report);
  bind_applications(binding, report);
  sort_by_place(result.diagnostics);
  if (report.errors() > 0) return result;
  binding.policy.version = next_version();
  result.policy = std::make_shared<const Policy>(std::move(binding.policy));
  return result;
}

}  // namespace pgconsent::rules
