// The statement's sections, in the order in which they stand. Private to proxy/openness.
#pragma once

#include "proxy/openness/statement.h"
#include "proxy/openness/words.h"

namespace pgconsent::openness {

Section controller_section(const Statement& statement, const Texts& texts);
Section held_section(const Statement& statement, const Texts& texts);
Section purposes_section(const Statement& statement, const Texts& texts);
Section applications_section(const Statement& statement, const Texts& texts);
Section sensitive_section(const Statement& statement, const Texts& texts);
Section regimes_section(const Statement& statement, const Texts& texts);
Section sources_section(const Statement& statement, const Texts& texts);
Section rights_section(const Statement& statement, const Texts& texts);
Section limits_section(const Statement& statement, const Texts& texts);

// One way in which a purpose may use a category.
struct BasisUse {
  const rules::ListedBasis* listed = nullptr;
  std::optional<rules::Regime> regime;
};
std::vector<BasisUse> bases_of(const rules::CategoryBases& bases);

// What the tables say of a category and a purpose. Absent: no column has the category.
struct CategoryUse {
  rules::Clearance best = rules::Clearance::never;
  bool for_everybody = true;        // `always` wherever it may be used at all
  std::vector<std::string> except;  // tables where it may never be used, though elsewhere it may
  bool found = false;
};
CategoryUse use_of_category(const Statement& statement, std::size_t purpose, std::string_view category);

// Does consent that is asked of this column's subjects end by itself?
bool consent_may_expire(const rules::Policy& policy);

}  // namespace pgconsent::openness
