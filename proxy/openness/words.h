// Rules in words, for the statement and the report. Private to proxy/openness.
#pragma once

#include <optional>

#include "proxy/openness/document.h"
#include "proxy/openness/texts.h"
#include "rules/policy.h"

namespace pgconsent::openness {

// "How to reach you (contact)"; the name alone without a description.
Inline label(const Texts& texts, const std::string& name, const rules::Description& description);
Inline category_label(const Texts& texts, const rules::Policy& policy, const std::string& category);
Inline purpose_label(const Texts& texts, const rules::Policy& policy, const std::string& purpose);
Inline kind_label(const Texts& texts, const rules::Policy& policy, const std::string& kind);

// "consent (Art. 6(1)(a) GDPR; explicit consent, Art. 9(2)(a) GDPR)"
Inline basis_words(const Texts& texts, const rules::ListedBasis& listed, std::optional<rules::Regime> regime,
                   bool sensitive);
Inline condition_words(const Texts& texts, const rules::ListedBasis& listed);
// `expires`: consent of this kind of subject may have a term.
Inline until_words(const Texts& texts, const rules::ListedBasis& listed, bool expires);
// What an application sees of the column without a basis.
Inline mask_words(const Texts& texts, const rules::ProtectedColumn& column);

// `row.created_at + interval '10 years'` as its parts; nothing for any other form.
struct Retention {
  std::string moment;  // created_at, subject.created_at
  std::int64_t number = 0;
  std::string unit;  // year month week day hour
};
std::optional<Retention> read_retention(std::string_view sql);

}  // namespace pgconsent::openness
