// What other vocabularies call the purposes and categories of the rules: for files of consent, never for a
// decision.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rule_set.h"

namespace pgconsent::rules {

inline constexpr int most_tcf_purposes = 24;  // bits of a TC string's PurposesConsent

struct Vocabulary {
  struct Purpose {
    std::string name;
    std::string dpv;                          // an IRI, or empty
    std::vector<int> tcf;                     // purposes of the IAB's Transparency & Consent Framework
    bool consent = false, interests = false;  // bases it rests on, for some category
  };
  std::vector<Purpose> purposes;
  std::map<std::string, std::string> categories;  // with their IRIs, or empty
};
Vocabulary vocabulary_of(const RuleSet& rules);

// `dpv:Marketing` -> https://w3id.org/dpv#Marketing; IRIs stay; empty: neither.
std::string expand_dpv(std::string_view name);

}  // namespace pgconsent::rules
