// What the bases of a purpose need from the rest of the rules.
#include <algorithm>
#include <set>

#include "rules/reader.h"

namespace pgconsent::rules {

namespace {

const PurposeRule* purpose_named(const RuleSet& rules, std::string_view name) {
  for (const PurposeRule& purpose : rules.purposes) {
    if (purpose.name.text == name) return &purpose;
  }
  return nullptr;
}

void check_narrowing(const RuleSet& rules, Reporter& report) {
  for (const PurposeRule& purpose : rules.purposes) {
    if (!purpose.narrows) continue;
    std::set<const PurposeRule*> seen;
    const PurposeRule* at = &purpose;
    while (at != nullptr && seen.insert(at).second)
      at = at->narrows ? purpose_named(rules, at->narrows->text) : nullptr;
    if (at == &purpose) {
      report.error(purpose.narrows->at, "purpose " + in_backticks(purpose.name.text) + " narrows itself" +
                                            (purpose.narrows->text == purpose.name.text
                                                 ? ""
                                                 : " by way of " + in_backticks(purpose.narrows->text)));
    }
  }
}

// May the subjects of this source object to the purpose, or to a wider one?
bool takes_objections(const RuleSet& rules, const ConsentRule& consent, const PurposeRule& purpose) {
  if (consent.source == ConsentSource::Kind::builtin) return true;
  if (consent.source == ConsentSource::Kind::table) return consent.objected.has_value();
  const auto chain = chain_of(rules, purpose);
  return std::any_of(consent.objections.begin(), consent.objections.end(), [&](const auto& objection) {
    return std::any_of(chain.begin(), chain.end(),
                       [&](const PurposeRule* each) { return each->name.text == objection.first.text; });
  });
}

class NeedsOfTables {
 public:
  NeedsOfTables(const RuleSet& rules, Reporter& report) : rules_(rules), report_(report) {}

  void check(const TableRule& table) {
    std::set<std::string> categories;
    for (const ColumnRule& column : table.columns) {
      if (!column.is_public) categories.insert(column.category.text);
    }
    for (const PurposeRule& purpose : rules_.purposes) {
      for (const BasisRule& rule : purpose.lawful_basis) {
        if (!categories.contains(rule.category.text)) continue;
        for (const PathRule& path : table.subject.paths) {
          check_regimes(rule, path, purpose);
          for (const BasisRule::Alternative& alternative : rule.alternatives) {
            for (const BasisEntry& entry : alternative.bases) check_objections(entry, path, purpose);
          }
        }
      }
    }
  }

 private:
  void check_objections(const BasisEntry& entry, const PathRule& path, const PurposeRule& purpose) {
    if (entry.listed.basis != LawfulBasis::legitimate_interests) return;
    auto source = std::find_if(rules_.consent.begin(), rules_.consent.end(), [&](const ConsentRule& consent) {
      return consent.kind.text == path.kind.text;
    });
    if (source != rules_.consent.end() && takes_objections(rules_, *source, purpose)) return;
    if (!reported_.insert({&entry, path.kind.text}).second) return;
    const bool flags = source != rules_.consent.end() && source->source == ConsentSource::Kind::column;
    report_.error(entry.at,
                  "`legitimate_interests` needs a place for objections, but the consent of " +
                      in_backticks(path.kind.text) + " has none for purpose " +
                      in_backticks(purpose.name.text),
                  flags ? "write `objections: {" + purpose.name.text +
                              ": COLUMN}` under `consent: " + path.kind.text + "`"
                        : "write `objected: CONDITION` under `consent: " + path.kind.text + "`");
  }

  void check_regimes(const BasisRule& rule, const PathRule& path, const PurposeRule& purpose) {
    const bool by_regime =
        std::any_of(rule.alternatives.begin(), rule.alternatives.end(),
                    [](const BasisRule::Alternative& alternative) { return alternative.regime.has_value(); });
    if (!by_regime) return;
    for (const SubjectKindRule& kind : rules_.subjects) {
      if (kind.name.text != path.kind.text || kind.regime) continue;
      if (!reported_.insert({&rule, path.kind.text}).second) continue;
      report_.error(rule.alternatives.front().at,
                    "purpose " + in_backticks(purpose.name.text) + " chooses by regime, but subject kind " +
                        in_backticks(kind.name.text) + " has none",
                    "write `regime: COLUMN` under `subjects: " + kind.name.text + "`");
    }
  }

  const RuleSet& rules_;
  Reporter& report_;
  std::set<std::pair<const void*, std::string>> reported_;
};

}  // namespace

std::vector<const PurposeRule*> chain_of(const RuleSet& rules, const PurposeRule& purpose) {
  std::vector<const PurposeRule*> chain;
  const PurposeRule* at = &purpose;
  while (at != nullptr && std::find(chain.begin(), chain.end(), at) == chain.end()) {
    chain.push_back(at);
    at = at->narrows ? purpose_named(rules, at->narrows->text) : nullptr;
  }
  return chain;
}

void validate_bases(const RuleSet& rules, Reporter& report) {
  check_narrowing(rules, report);
  NeedsOfTables needs(rules, report);
  for (const TableRule& table : rules.tables) needs.check(table);
}

}  // namespace pgconsent::rules
