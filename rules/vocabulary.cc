#include "rules/vocabulary.h"

#include <algorithm>

#include "rules/reader.h"

namespace pgconsent::rules {

namespace {

constexpr std::pair<std::string_view, std::string_view> prefixes[] = {{"dpv:", "https://w3id.org/dpv#"},
                                                                      {"pd:", "https://w3id.org/dpv/pd#"}};

bool is_iri_text(std::string_view text) {
  for (unsigned char c : text) {
    if (c <= 0x20 || std::string_view("<>\"{}|\\^`").find(static_cast<char>(c)) != std::string_view::npos)
      return false;
  }
  return true;
}

// An identifier that stands for two would be a riddle in a file.
void check_only(std::map<std::string, const Text*>& seen, const Text& dpv, const Text& name,
                std::string_view what, Reporter& report) {
  const auto [first, added] = seen.emplace(dpv.text, &name);
  if (!added) {
    report.error(dpv.at, "`dpv` of " + std::string(what) + " " + in_backticks(name.text) + " is that of " +
                             in_backticks(first->second->text) + ", too");
  }
}

}  // namespace

std::string expand_dpv(std::string_view name) {
  if (!is_iri_text(name)) return {};
  for (const auto& [prefix, iri] : prefixes) {
    if (name.starts_with(prefix) && name.size() > prefix.size())
      return std::string(iri).append(name.substr(prefix.size()));
  }
  return name.starts_with("https://") && name.size() > 8 ? std::string(name) : std::string();
}

void validate_vocabulary(const RuleSet& rules, Reporter& report) {
  std::map<std::string, const Text*> purposes, categories;
  for (const PurposeRule& purpose : rules.purposes) {
    if (purpose.dpv) check_only(purposes, *purpose.dpv, purpose.name, "purpose", report);
    if (purpose.tcf.empty()) continue;
    const auto known = vocabulary_of(rules).purposes;
    const auto same = std::find_if(known.begin(), known.end(),
                                   [&](const auto& each) { return each.name == purpose.name.text; });
    if (same != known.end() && !same->consent && !same->interests) {
      report.error(purpose.name.at, "purpose " + in_backticks(purpose.name.text) +
                                        " has `tcf`, but rests on neither consent nor legitimate interests");
    }
  }
  for (const CategoryRule& category : rules.categories) {
    if (category.dpv) check_only(categories, *category.dpv, category.name, "category", report);
  }
}

Vocabulary vocabulary_of(const RuleSet& rules) {
  Vocabulary vocabulary;
  for (const CategoryRule& category : rules.categories)
    vocabulary.categories[category.name.text] = category.dpv ? category.dpv->text : std::string();
  for (const PurposeRule& rule : rules.purposes) {
    Vocabulary::Purpose& purpose = vocabulary.purposes.emplace_back();
    purpose.name = rule.name.text;
    purpose.dpv = rule.dpv ? rule.dpv->text : std::string();
    purpose.tcf = rule.tcf;
    for (const BasisRule& bases : rule.lawful_basis) {
      vocabulary.categories.try_emplace(bases.category.text);
      for (const BasisRule::Alternative& alternative : bases.alternatives) {
        for (const BasisEntry& entry : alternative.bases) {
          purpose.consent = purpose.consent || entry.listed.basis == LawfulBasis::consent;
          purpose.interests = purpose.interests || entry.listed.basis == LawfulBasis::legitimate_interests;
        }
      }
    }
  }
  return vocabulary;
}

}  // namespace pgconsent::rules
