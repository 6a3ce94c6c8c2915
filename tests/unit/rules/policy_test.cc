#include "rules/policy.h"

#include <gtest/gtest.h>

namespace pgconsent::rules {
namespace {

Purpose purpose_with(std::vector<LawfulBasis> bases) {
  Purpose purpose;
  purpose.name = "p";
  for (LawfulBasis basis : bases) purpose.lawful_basis["contact"].bases.push_back({basis, {}, {}, {}});
  return purpose;
}

ProtectedRelation relation_of_subject(bool certain) {
  ProtectedRelation relation;
  relation.subjects.push_back({"customer", {}, 1});
  relation.has_subject = certain;
  return relation;
}

Policy policy_with(ConsentSource source) {
  Policy policy;
  policy.subjects["customer"] = {"customer", 1, 1, true, {}, std::move(source)};
  return policy;
}

Decision decide(const Purpose* purpose, std::string_view category) {
  return decide(policy_with({}), relation_of_subject(true), purpose, category);
}

TEST(Decide, UnknownPurposeIsNever) {
  EXPECT_EQ(decide(nullptr, "contact").clearance, Clearance::never);
}

TEST(Decide, UnlistedCategoryIsNever) {
  const Purpose purpose = purpose_with({LawfulBasis::contract});
  EXPECT_EQ(decide(&purpose, "health").clearance, Clearance::never);
  EXPECT_TRUE(decide(&purpose, "health").bases.empty());
}

TEST(Decide, ColumnWithoutCategoryIsNever) {
  Purpose purpose = purpose_with({LawfulBasis::contract});
  purpose.lawful_basis[""].bases = {{LawfulBasis::contract, {}, {}, {}}};
  EXPECT_EQ(decide(&purpose, "").clearance, Clearance::never);
}

TEST(Decide, NoBasisIsNever) {
  const Purpose purpose = purpose_with({});
  EXPECT_EQ(decide(&purpose, "contact").clearance, Clearance::never);
}

TEST(Decide, ConsentIsByRow) {
  const Purpose purpose = purpose_with({LawfulBasis::consent});
  EXPECT_EQ(decide(&purpose, "contact").clearance, Clearance::by_row);
  EXPECT_EQ(decide(&purpose, "contact").bases, std::vector{LawfulBasis::consent});
}

TEST(Decide, DeclaredBasesAlwaysHold) {
  for (LawfulBasis basis : {LawfulBasis::contract, LawfulBasis::legal_obligation,
                            LawfulBasis::vital_interests, LawfulBasis::public_task}) {
    const Purpose purpose = purpose_with({basis});
    EXPECT_EQ(decide(&purpose, "contact").clearance, Clearance::always);
    EXPECT_EQ(decide(&purpose, "contact").bases, std::vector{basis});
  }
}

TEST(Decide, DeclaredBasisWinsOverConsentInAnyOrder) {
  for (const Purpose& purpose : {purpose_with({LawfulBasis::consent, LawfulBasis::contract}),
                                 purpose_with({LawfulBasis::contract, LawfulBasis::consent})}) {
    EXPECT_EQ(decide(&purpose, "contact").clearance, Clearance::always);
    EXPECT_EQ(decide(&purpose, "contact").bases, std::vector{LawfulBasis::contract});
  }
}

TEST(Decide, LegitimateInterestsAreByRow) {
  const Purpose purpose = purpose_with({LawfulBasis::legitimate_interests});
  EXPECT_EQ(decide(&purpose, "contact").clearance, Clearance::by_row);
}

TEST(Decide, RowsThatMayLackASubjectAreByRow) {
  const Purpose purpose = purpose_with({LawfulBasis::contract});
  const Decision decision = decide(policy_with({}), relation_of_subject(false), &purpose, "contact");
  EXPECT_EQ(decision.clearance, Clearance::by_row);
  EXPECT_EQ(decision.bases, std::vector{LawfulBasis::contract});
  EXPECT_EQ(decide(policy_with({}), ProtectedRelation(), &purpose, "contact").clearance, Clearance::never);
}

TEST(Decide, ConditionsAndRestrictionAreByRow) {
  Purpose purpose = purpose_with({LawfulBasis::contract});
  ConsentSource source;
  source.restricted.sql = "restricted";
  const Policy policy = policy_with(source);
  EXPECT_EQ(decide(policy, relation_of_subject(true), &purpose, "contact").clearance, Clearance::by_row);
  purpose.under_restriction = true;
  EXPECT_EQ(decide(policy, relation_of_subject(true), &purpose, "contact").clearance, Clearance::always);
  purpose.lawful_basis["contact"].bases[0].until.sql = "paid_at";
  EXPECT_EQ(decide(policy, relation_of_subject(true), &purpose, "contact").clearance, Clearance::by_row);
}

TEST(Decide, EveryRegimeMustAlwaysHold) {
  Purpose purpose;
  purpose.lawful_basis["contact"].by_regime[Regime::gdpr] = {{LawfulBasis::contract, {}, {}, {}}};
  EXPECT_EQ(decide(&purpose, "contact").clearance, Clearance::always);
  purpose.lawful_basis["contact"].by_regime[Regime::ccpa] = {{LawfulBasis::consent, {}, {}, {}}};
  EXPECT_EQ(decide(&purpose, "contact").clearance, Clearance::by_row);
  EXPECT_EQ(decide(&purpose, "contact").bases.size(), 2u);
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
