// Rules that are valid and yet have no effect: most of them are typing errors.
#include <algorithm>
#include <map>
#include <set>

#include "rules/reader.h"
#include "rules/suggest.h"

namespace pgconsent::rules {

namespace {

struct Use {
  Place at;
  std::string column;
};

// The first column of each category.
std::map<std::string, Use> used_categories(const RuleSet& rules) {
  std::map<std::string, Use> used;
  for (const TableRule& table : rules.tables) {
    for (const ColumnRule& column : table.columns) {
      if (column.is_public) continue;
      used.try_emplace(
          column.category.text,
          Use{column.category.at, table.name.display() + "." + display_identifier(column.name.text)});
    }
  }
  return used;
}

// Flags columns: a purpose that rests on consent and has no flag never gets it.
void check_flags(const RuleSet& rules, Reporter& report) {
  for (const ConsentRule& consent : rules.consent) {
    if (consent.source != ConsentSource::Kind::column) continue;
    for (const PurposeRule& purpose : rules.purposes) {
      bool needed = false, has_flag = false;
      for (const BasisRule& rule : purpose.lawful_basis) {
        for (const BasisRule::Alternative& alternative : rule.alternatives) {
          for (const BasisEntry& entry : alternative.bases)
            needed = needed || entry.listed.basis == LawfulBasis::consent;
        }
      }
      for (const PurposeRule* each : chain_of(rules, purpose)) {
        for (const auto& [name, column] : consent.flags) has_flag = has_flag || name.text == each->name.text;
      }
      if (needed && !has_flag) {
        report.warning(consent.kind.at, "consent of " + in_backticks(consent.kind.text) +
                                            " has no column for purpose " + in_backticks(purpose.name.text) +
                                            ": nobody consents to it");
      }
    }
  }
}

}  // namespace

void check_coverage(const RuleSet& rules, Reporter& report) {
  if (rules.tables.empty()) report.warning({}, "no table is protected", "list them under `tables`");
  const auto used = used_categories(rules);
  std::vector<std::string> columns_name, purposes_name;
  for (const auto& [category, use] : used) columns_name.push_back(category);
  std::set<std::string> known;
  for (const PurposeRule& purpose : rules.purposes) {
    for (const BasisRule& rule : purpose.lawful_basis) {
      if (known.insert(rule.category.text).second) purposes_name.push_back(rule.category.text);
      if (used.contains(rule.category.text)) continue;
      report.warning(rule.category.at, "no column has category " + in_backticks(rule.category.text),
                     did_you_mean(rule.category.text, columns_name));
    }
  }
  for (const TableRule& table : rules.tables) {
    const bool lacks = table.subject.paths.empty() &&
                       std::any_of(table.columns.begin(), table.columns.end(), [&](const ColumnRule& column) {
                         return !column.is_public && known.contains(column.category.text);
                       });
    if (!lacks) continue;
    report.warning(table.name.at,
                   "table " + in_backticks(table.name.display()) +
                       " has no `subject`: its rows are masked for every purpose",
                   "write `subject: {customer: id}`");
  }
  for (const auto& [category, use] : used) {
    if (known.contains(category)) continue;
    report.warning(use.at,
                   "no purpose names category " + in_backticks(category) + ": " + in_backticks(use.column) +
                       " is without a lawful basis for every purpose",
                   did_you_mean(category, purposes_name));
  }
  for (const CategoryRule& category : rules.categories) {
    if (used.contains(category.name.text)) continue;
    report.warning(category.name.at, "no column has category " + in_backticks(category.name.text),
                   did_you_mean(category.name.text, columns_name));
  }

  std::set<std::string> acted_for;
  for (const ApplicationRule& application : rules.applications) {
    for (const Text& purpose : application.purposes) acted_for.insert(purpose.text);
  }
  for (const PurposeRule& purpose : rules.purposes) {
    if (acted_for.contains(purpose.name.text)) continue;
    report.warning(purpose.name.at, "no application acts for purpose " + in_backticks(purpose.name.text));
  }
  check_flags(rules, report);
}

}  // namespace pgconsent::rules
