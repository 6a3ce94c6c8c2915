#include "rules/policy.h"

#include <gtest/gtest.h>

namespace pgconsent::rules {
namespace {

Purpose purpose_with(std::vector<LawfulBasis> bases) {
  return {"p", "", {{"contact", std::move(bases)}}};
}

TEST(Decide, UnknownPurposeIsNever) {
  EXPECT_EQ(decide(nullptr, "contact").clearance, Clearance::never);
}

TEST(Decide, UnlistedCategoryIsNever) {
  const Purpose purpose = purpose_with({LawfulBasis::contract});
  EXPECT_EQ(decide(&purpose, "health").clearance, Clearance::never);
  EXPECT_FALSE(decide(&purpose, "health").basis);
}

TEST(Decide, ColumnWithoutCategoryIsNever) {
  Purpose purpose = purpose_with({LawfulBasis::contract});
  purpose.lawful_basis[""] = {LawfulBasis::contract};
  EXPECT_EQ(decide(&purpose, "").clearance, Clearance::never);
}

TEST(Decide, NoBasisIsNever) {
  const Purpose purpose = purpose_with({});
  EXPECT_EQ(decide(&purpose, "contact").clearance, Clearance::never);
}

TEST(Decide, ConsentIsByConsent) {
  const Purpose purpose = purpose_with({LawfulBasis::consent});
  EXPECT_EQ(decide(&purpose, "contact").clearance, Clearance::by_consent);
  EXPECT_EQ(decide(&purpose, "contact").basis, LawfulBasis::consent);
}

TEST(Decide, DeclaredBasesAlwaysHold) {
  for (LawfulBasis basis : {LawfulBasis::contract, LawfulBasis::legal_obligation,
                            LawfulBasis::vital_interests, LawfulBasis::public_task}) {
    const Purpose purpose = purpose_with({basis});
    EXPECT_EQ(decide(&purpose, "contact").clearance, Clearance::always);
    EXPECT_EQ(decide(&purpose, "contact").basis, basis);
  }
}

TEST(Decide, DeclaredBasisWinsOverConsentInAnyOrder) {
  for (const Purpose& purpose : {purpose_with({LawfulBasis::consent, LawfulBasis::contract}),
                                 purpose_with({LawfulBasis::contract, LawfulBasis::consent})}) {
    EXPECT_EQ(decide(&purpose, "contact").clearance, Clearance::always);
    EXPECT_EQ(decide(&purpose, "contact").basis, LawfulBasis::contract);
  }
}

TEST(Decide, LegitimateInterestsHoldForNobodyYet) {
  const Purpose purpose = purpose_with({LawfulBasis::legitimate_interests});
  EXPECT_EQ(decide(&purpose, "contact").clearance, Clearance::never);
}

TEST(Policy, FindsColumnsByNumber) {
  ProtectedRelation relation;
  relation.columns.resize(3);
  relation.columns[0].attnum = 1;
  relation.columns[1].attnum = 4;
  relation.columns[2].attnum = 9;
  EXPECT_EQ(relation.column(4), &relation.columns[1]);
  EXPECT_EQ(relation.column(9), &relation.columns[2]);
  EXPECT_EQ(relation.column(5), nullptr);
  EXPECT_EQ(relation.column(-1), nullptr);
  EXPECT_EQ(relation.column(10), nullptr);
}

TEST(Policy, LooksUpByName) {
  Policy policy;
  policy.purposes["p"] = purpose_with({});
  policy.applications["app"] = {"app", {"p"}, false};
  EXPECT_NE(policy.purpose("p"), nullptr);
  EXPECT_EQ(policy.purpose("P"), nullptr);
  EXPECT_NE(policy.application("app"), nullptr);
  EXPECT_EQ(policy.application(""), nullptr);
  EXPECT_EQ(policy.relation(1), nullptr);
}

TEST(LawfulBasis, HasTheNamesOfTheRules) {
  EXPECT_EQ(to_string(LawfulBasis::consent), "consent");
  EXPECT_EQ(to_string(LawfulBasis::contract), "contract");
  EXPECT_EQ(to_string(LawfulBasis::legal_obligation), "legal_obligation");
  EXPECT_EQ(to_string(LawfulBasis::vital_interests), "vital_interests");
  EXPECT_EQ(to_string(LawfulBasis::public_task), "public_task");
  EXPECT_EQ(to_string(LawfulBasis::legitimate_interests), "legitimate_interests");
}

}  // namespace
}  // namespace pgconsent::rules
