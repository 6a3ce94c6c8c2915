// What the accepted cases of tests/cases/rules become once bound.
#include <gtest/gtest.h>

#include <filesystem>

#include "rules/rule_set.h"
#include "tests/unit/rules/shop_catalog.h"

namespace pgconsent::rules {
namespace {

namespace fs = std::filesystem;
namespace oid = testing::oid;

class Bind : public ::testing::Test {
 protected:
  PolicyPtr bind(const std::string& name) {
    auto read = read_rules(fs::path(PGCONSENT_SOURCE_DIR) / "tests/cases/rules" / (name + ".yaml"));
    if (!read.rules) return nullptr;
    return bind_rules(*read.rules, *catalog_).policy;
  }
  const ProtectedColumn& column(const PolicyPtr& policy, Oid relation, std::string_view name) {
    return *policy->relation(relation)->column(catalog_->relation(relation)->column(name)->attnum);
  }
  std::unique_ptr<parser::Snapshot> catalog_ = testing::shop_catalog();
};

TEST_F(Bind, DesignSubjectsAndConsent) {
  auto policy = bind("good-design");
  ASSERT_TRUE(policy);
  const SubjectKind& customer = policy->subjects.at("customer");
  EXPECT_EQ(customer.relation, oid::users);
  EXPECT_EQ(customer.key, 1);
  ASSERT_TRUE(customer.consent);
  EXPECT_EQ(customer.consent->kind, ConsentSource::Kind::table);
  EXPECT_EQ(customer.consent->relation, oid::user_consents);
  EXPECT_EQ(customer.consent->subject, 1);
  EXPECT_EQ(customer.consent->purpose, 2);
  EXPECT_EQ(customer.consent->category, 3);
  EXPECT_EQ(customer.consent->valid_from, 5);
  EXPECT_EQ(customer.consent->valid_until, 6);
  EXPECT_EQ(customer.consent->given.sql, "status = 'given'");
  EXPECT_TRUE(customer.consent->one_row);
  EXPECT_EQ(policy->consent_relations, std::set<Oid>{oid::user_consents});
}

// A policy could hide an objection.
TEST_F(Bind, ConsentWithoutRowSecurity) {
  ASSERT_TRUE(bind("good-design"));
  catalog_->relations.at(oid::user_consents).row_security = true;
  EXPECT_FALSE(bind("good-design"));
}

TEST_F(Bind, DesignColumns) {
  auto policy = bind("good-design");
  ASSERT_TRUE(policy);
  const ProtectedRelation* users = policy->relation(oid::users);
  ASSERT_TRUE(users);
  EXPECT_EQ(users->declared, oid::users);
  EXPECT_EQ(users->name, "public.users");
  EXPECT_EQ(users->columns.size(), catalog_->relation(oid::users)->columns.size());

  const auto& email = column(policy, oid::users, "email");
  EXPECT_FALSE(email.is_public);
  EXPECT_EQ(email.category, "contact");
  EXPECT_EQ(email.mask.kind, Mask::Kind::null);
  EXPECT_TRUE(email.lookup_equality);
  EXPECT_EQ(email.rule, "public.users.email (good-design.yaml:24)");

  const auto& name = column(policy, oid::users, "full_name");
  EXPECT_EQ(name.mask.kind, Mask::Kind::partial);
  EXPECT_EQ(name.mask.prefix, 1);
  EXPECT_EQ(name.mask.text, "***");
  EXPECT_EQ(column(policy, oid::users, "ssn").without_basis, WithoutBasis::refuse);
  EXPECT_EQ(column(policy, oid::users, "birth_date").mask.kind, Mask::Kind::year);
  EXPECT_TRUE(column(policy, oid::users, "city").is_public);
}

TEST_F(Bind, ColumnsGeneratedFromPublicOnesArePublic) {
  parser::Relation& users = catalog_->relations.at(oid::users);
  auto generated = std::find_if(users.columns.begin(), users.columns.end(),
                                [](const auto& each) { return each.name == "email_domain"; });
  const auto is_public = [&](const char* from, bool built_in) {
    generated->generated_from = {users.column("city")->attnum, users.column(from)->attnum};
    generated->generated_by_built_ins = built_in;
    return column(bind("generated-column"), oid::users, "email_domain").is_public;
  };
  EXPECT_TRUE(is_public("level", true));
  EXPECT_FALSE(is_public("email", true));
  EXPECT_FALSE(is_public("level", false));
}

TEST_F(Bind, KeysArePublicAndOthersAreMasked) {
  auto policy = bind("good-design");
  ASSERT_TRUE(policy);
  EXPECT_TRUE(column(policy, oid::users, "id").is_public);
  EXPECT_TRUE(column(policy, oid::payments, "order_id").is_public);
  EXPECT_TRUE(column(policy, oid::messages, "sender_id").is_public);
  EXPECT_TRUE(column(policy, oid::messages, "recipient_id").is_public);
  const auto& phone = column(policy, oid::users, "phone");
  EXPECT_FALSE(phone.is_public);
  EXPECT_EQ(phone.category, "");
  EXPECT_EQ(phone.mask.kind, Mask::Kind::null);
  EXPECT_FALSE(column(policy, oid::payments, "amount").is_public);
}

TEST_F(Bind, DesignPaths) {
  auto policy = bind("good-design");
  ASSERT_TRUE(policy);
  const ProtectedRelation* messages = policy->relation(oid::messages);
  EXPECT_TRUE(messages->all_subjects);
  ASSERT_EQ(messages->subjects.size(), 2u);
  EXPECT_EQ(messages->subjects[1].kind, "customer");
  EXPECT_EQ(messages->subjects[1].key, 3);
  const ProtectedRelation* payments = policy->relation(oid::payments);
  ASSERT_EQ(payments->subjects.size(), 1u);
  ASSERT_EQ(payments->subjects[0].hops.size(), 1u);
  EXPECT_EQ(payments->subjects[0].hops[0].relation, oid::orders);
  EXPECT_EQ(payments->subjects[0].hops[0].on, (std::vector<std::pair<AttrNumber, AttrNumber>>{{2, 1}}));
  EXPECT_EQ(payments->subjects[0].key, 2);
}

TEST_F(Bind, DesignPurposesAndApplications) {
  auto policy = bind("good-design");
  ASSERT_TRUE(policy);
  const ProtectedRelation& users = *policy->relation(oid::users);
  EXPECT_EQ(decide(*policy, users, policy->purpose("support"), "contact").clearance, Clearance::always);
  EXPECT_EQ(decide(*policy, users, policy->purpose("marketing"), "identity").clearance, Clearance::by_row);
  EXPECT_EQ(decide(*policy, users, policy->purpose("marketing"), "government_id").clearance,
            Clearance::never);
  EXPECT_EQ(policy->application("crm_app")->purposes, (std::vector<std::string>{"support", "marketing"}));
  EXPECT_TRUE(policy->application("dba")->exempt);
  EXPECT_EQ(policy->application("nobody"), nullptr);
  EXPECT_TRUE(policy->sensitive_categories.contains("health"));
  EXPECT_EQ(policy->trusted_functions, std::set<Oid>{oid::tax_numeric});
  EXPECT_FALSE(policy->refuse_unlisted_tables);
  EXPECT_EQ(policy->digest.size(), 64u);
}

TEST_F(Bind, PartitionsInheritByName) {
  auto policy = bind("good-design");
  ASSERT_TRUE(policy);
  for (Oid partition : {oid::messages_2024, oid::messages_2024_01}) {
    const ProtectedRelation* relation = policy->relation(partition);
    ASSERT_TRUE(relation);
    EXPECT_EQ(relation->oid, partition);
    EXPECT_EQ(relation->declared, oid::messages);
    EXPECT_EQ(column(policy, partition, "body").category, "content");
    EXPECT_EQ(column(policy, partition, "body").rule, "public.messages.body (good-design.yaml:32)");
    EXPECT_EQ(relation->subjects[0].key, catalog_->relation(partition)->column("sender_id")->attnum);
    EXPECT_EQ(relation->subjects[1].key, catalog_->relation(partition)->column("recipient_id")->attnum);
  }
  EXPECT_EQ(policy->relation(oid::messages_2024_01)->name, "public.messages_2024_01");
}

TEST_F(Bind, ChildrenInheritAndTheirOwnColumnsFollowOthers) {
  auto policy = bind("good-null-masks");
  ASSERT_TRUE(policy);
  ASSERT_TRUE(policy->relation(oid::people_vip));
  EXPECT_EQ(policy->relation(oid::people_vip)->declared, oid::people);
  EXPECT_FALSE(column(policy, oid::people_vip, "email").is_public);
  EXPECT_TRUE(column(policy, oid::people_vip, "vip_level").is_public);
  EXPECT_TRUE(policy->subjects.at("customer").consent->one_row);
  EXPECT_FALSE(policy->subjects.at("customer").consent->purpose);
}

TEST_F(Bind, PartitionWithItsOwnEntry) {
  auto policy = bind("child-own-rules");
  ASSERT_TRUE(policy);
  EXPECT_EQ(column(policy, oid::messages_2024, "body").category, "contact");
  EXPECT_EQ(column(policy, oid::messages_2024_01, "body").category, "identity");
  EXPECT_EQ(policy->relation(oid::messages_2024_01)->declared, oid::messages_2024_01);
}

TEST_F(Bind, ConsentWithoutAUniqueKeyIsNotOneRow) {
  auto policy =
      bind("good-point-reads");  // (user_id, purpose, category) is unique, (user_id, purpose) is not
  ASSERT_TRUE(policy);
  EXPECT_FALSE(policy->subjects.at("customer").consent->one_row);
}

TEST_F(Bind, Flags) {
  auto policy = bind("good-flags");
  ASSERT_TRUE(policy);
  const auto& consent = policy->subjects.at("customer").consent;
  ASSERT_TRUE(consent);
  EXPECT_EQ(consent->kind, ConsentSource::Kind::column);
  EXPECT_EQ(consent->relation, oid::users);
  EXPECT_EQ(consent->subject, 1);
  EXPECT_TRUE(consent->one_row);
  EXPECT_EQ(consent->flags.at("marketing"),
            catalog_->relation(oid::users)->column("marketing_opt_in")->attnum);
  EXPECT_TRUE(policy->consent_relations.empty());
}

TEST_F(Bind, NamedEntryWinsOverWildcard) {
  auto policy = bind("good-wildcard");
  ASSERT_TRUE(policy);
  EXPECT_EQ(column(policy, oid::tenant_1_users, "email").mask.kind, Mask::Kind::email);
  EXPECT_EQ(column(policy, oid::tenant_1_users, "email").rule,
            "tenant_1.users.email (good-wildcard.yaml:14)");
  EXPECT_EQ(column(policy, oid::tenant_2_users, "email").mask.kind, Mask::Kind::hash);
  EXPECT_EQ(policy->relation(oid::users), nullptr);
}

TEST_F(Bind, TwoHopsAndQuotedNames) {
  auto policy = bind("good-two-hops");
  ASSERT_TRUE(policy);
  const ProtectedRelation* items = policy->relation(oid::order_items);
  EXPECT_FALSE(items->all_subjects);
  ASSERT_EQ(items->subjects.size(), 2u);
  ASSERT_EQ(items->subjects[0].hops.size(), 2u);
  EXPECT_EQ(items->subjects[0].hops[1].relation, oid::users);
  EXPECT_EQ(items->subjects[0].hops[1].on, (std::vector<std::pair<AttrNumber, AttrNumber>>{{2, 1}}));
  EXPECT_TRUE(items->subjects[1].hops.empty());
  EXPECT_EQ(column(policy, oid::order_items, "engraving").mask.text, "it's private");
  EXPECT_EQ(policy->relation(oid::quoted)->name, "\"My Schema\".\"T\"");
  EXPECT_EQ(column(policy, oid::quoted, "E Mail").category, "contact");
  EXPECT_EQ(column(policy, oid::quoted, "key").category, "identity");
}

TEST_F(Bind, GeneratedColumnsAreNotPublicByDefault) {
  auto policy = bind("generated-column");
  ASSERT_TRUE(policy);
  EXPECT_FALSE(column(policy, oid::users, "email_domain").is_public);
  EXPECT_TRUE(column(policy, oid::users, "city").is_public);
}

TEST_F(Bind, NoSubjectIsNotAllSubjects) {
  auto policy = bind("no-subject");
  ASSERT_TRUE(policy);
  EXPECT_TRUE(policy->relation(oid::active_users)->subjects.empty());
  EXPECT_FALSE(policy->relation(oid::active_users)->all_subjects);
}

TEST_F(Bind, Functions) {
  auto policy = bind("functions");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->trusted_functions, (std::set<Oid>{oid::tax_integer, oid::lower}));
  EXPECT_EQ(policy->refused_functions, (std::set<Oid>{oid::tax_numeric, oid::peek}));
}

TEST_F(Bind, VersionsGrow) {
  auto first = bind("good-design");
  auto second = bind("good-design");
  ASSERT_TRUE(first && second);
  EXPECT_LT(first->version, second->version);
  EXPECT_EQ(first->digest, second->digest);
  EXPECT_NE(first->digest, bind("good-flags")->digest);
}

TEST_F(Bind, RefusalGivesNoPolicy) {
  EXPECT_EQ(bind("unknown-tables"), nullptr);
}

TEST(ReadRules, MissingFile) {
  auto result = read_rules("/nonexistent/rules.yaml");
  EXPECT_FALSE(result.rules);
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(to_string(result.diagnostics[0]),
            "/nonexistent/rules.yaml: error: the rules file can't be read: No such file or directory");
}

TEST(ReadRules, FoldersAndDevicesAreNotFiles) {
  for (const char* path : {"/", "/dev/zero"}) {
    auto result = read_rules(path);
    EXPECT_FALSE(result.rules);
    EXPECT_TRUE(has_errors(result.diagnostics));
  }
}

TEST(ParseRules, RefusesHugeAndBinaryText) {
  EXPECT_FALSE(parse_rules(std::string(9u << 20, '#'), "f").rules);
  EXPECT_FALSE(parse_rules(std::string_view("version: 1\0", 11), "f").rules);
  EXPECT_FALSE(parse_rules("version: 1 # \xff\n", "f").rules);
  EXPECT_FALSE(parse_rules("\xFF\xFEv\0", "f").rules);
}

TEST(ParseRules, SurvivesDeepNesting) {
  for (const char* open : {"[", "{a: ", "- ", "? "}) {
    std::string text = "version: 1\ntables: ";
    if (open[0] == '-' || open[0] == '?') text += '\n';
    for (int i = 0; i < 100000; ++i) text += open;
    auto result = parse_rules(text, "f");
    EXPECT_FALSE(result.rules) << open;
    EXPECT_TRUE(has_errors(result.diagnostics)) << open;
  }
}

TEST(ParseRules, ReportsManyProblemsAndStops) {
  std::string text = "version: 1\n";
  for (int i = 0; i < 5000; ++i) text += "unknown" + std::to_string(i) + ": 1\n";
  auto result = parse_rules(text, "f");
  EXPECT_FALSE(result.rules);
  EXPECT_LE(result.diagnostics.size(), 1100u);
  EXPECT_GE(result.diagnostics.size(), 1000u);
}

}  // namespace
}  // namespace pgconsent::rules
