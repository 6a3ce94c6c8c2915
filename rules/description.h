// A text for people, in one language or in several: for the processing statement, never for a decision.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgconsent::rules {

struct Description {
  // Language tag (`en`) and text, as written; one without a tag is for all languages.
  std::vector<std::pair<std::string, std::string>> texts;

  bool empty() const { return texts.empty(); }
  // In that language, else for all languages, else the first. Empty when there is none.
  std::string_view in(std::string_view language) const;
};

// Who is responsible (Art. 13(1)(a), (b) GDPR). Empty: the rules do not say.
struct Controller {
  Description name, address, contact, representative, data_protection_officer, supervisory_authority;
};

}  // namespace pgconsent::rules
