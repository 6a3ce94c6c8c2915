// What one section of the rules says about another.
#include <set>

#include "rules/reader.h"
#include "rules/suggest.h"

namespace pgconsent::rules {

namespace {

template <typename Rules, typename NameOf>
std::vector<std::string> names_in(const Rules& rules, NameOf name_of) {
  std::vector<std::string> names;
  for (const auto& rule : rules) names.push_back(name_of(rule).text);
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  for (const std::string& candidate : names) {
    if (candidate == name) return true;
  }
  return false;
}

void check_known(const Text& name, std::string_view what, const std::vector<std::string>& known,
                 Reporter& report) {
  if (contains(known, name.text)) return;
  report.error(
      name.at, "unknown " + std::string(what) + " " + in_backticks(name.text),
      did_you_mean(name.text, known,
                   known.empty() ? std::string("none is declared") : "known: " + list_of(known, " and ")));
}

bool rests_on_consent(const PurposeRule& purpose, const std::string& category) {
  for (const BasisRule& rule : purpose.lawful_basis) {
    if (rule.category.text != category) continue;
    for (const BasisRule::Alternative& alternative : rule.alternatives) {
      bool consent = false, declared = false;
      for (const BasisEntry& entry : alternative.bases) {
        consent = consent || entry.listed.basis == LawfulBasis::consent;
        declared = declared || entry.listed.by_declaration();
      }
      if (consent && !declared) return true;
    }
  }
  return false;
}

// The first purpose that needs consent for a column of the table, with the column's category.
std::optional<std::pair<std::string, std::string>> consent_need(const TableRule& table,
                                                                const RuleSet& rules) {
  for (const ColumnRule& column : table.columns) {
    if (column.is_public) continue;
    for (const PurposeRule& purpose : rules.purposes) {
      if (rests_on_consent(purpose, column.category.text))
        return std::pair(purpose.name.text, column.category.text);
    }
  }
  return std::nullopt;
}

void check_consent_sources(const TableRule& table, const RuleSet& rules,
                           const std::vector<std::string>& kinds, const std::vector<std::string>& sources,
                           Reporter& report) {
  const auto need = consent_need(table, rules);
  if (!need) return;
  const std::string because =
      "purpose " + in_backticks(need->first) + " needs consent for " + in_backticks(need->second);
  if (table.subject.paths.empty() && report.errors() == 0) {
    report.error(table.subject.at,
                 "table " + in_backticks(table.name.display()) + " has no `subject`, but " + because,
                 "write `subject: {customer: id}`");
  }
  std::set<std::string> reported;
  for (const PathRule& path : table.subject.paths) {
    if (!contains(kinds, path.kind.text) || contains(sources, path.kind.text)) continue;
    if (!reported.insert(path.kind.text).second) continue;
    report.error(path.kind.at,
                 "subject kind " + in_backticks(path.kind.text) + " has no consent source, but " + because,
                 "add " + in_backticks(path.kind.text) + " under `consent`");
  }
}

}  // namespace

void validate(const RuleSet& rules, Reporter& report) {
  const auto kinds = names_in(rules.subjects, [](const SubjectKindRule& r) { return r.name; });
  const auto purposes = names_in(rules.purposes, [](const PurposeRule& r) { return r.name; });
  const auto sources = names_in(rules.consent, [](const ConsentRule& r) { return r.kind; });
  for (const ConsentRule& consent : rules.consent) {
    check_known(consent.kind, "subject kind", kinds, report);
    for (const auto& [purpose, column] : consent.flags) check_known(purpose, "purpose", purposes, report);
    for (const auto& [purpose, column] : consent.objections)
      check_known(purpose, "purpose", purposes, report);
  }
  for (const ApplicationRule& application : rules.applications) {
    for (const Text& purpose : application.purposes) check_known(purpose, "purpose", purposes, report);
  }
  for (const PurposeRule& purpose : rules.purposes) {
    if (purpose.narrows) check_known(*purpose.narrows, "purpose", purposes, report);
  }
  for (const TableRule& table : rules.tables) {
    for (const PathRule& path : table.subject.paths) check_known(path.kind, "subject kind", kinds, report);
    check_consent_sources(table, rules, kinds, sources, report);
  }
  validate_bases(rules, report);
  validate_vocabulary(rules, report);
}

}  // namespace pgconsent::rules
