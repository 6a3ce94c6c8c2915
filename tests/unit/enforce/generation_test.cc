// What follows when the catalog changes below the same rules.
#include "proxy/enforce/generation.h"

#include <gtest/gtest.h>

#include "proxy/enforce/planner.h"
#include "rules/reader.h"
#include "tests/support/shop_catalog.h"

namespace pgconsent {
namespace {

using parser::RelationReach;

constexpr parser::Oid users = 20001, made_anew = 29999;

// users goes by another name, and a new table takes its name.
parser::SnapshotPtr swapped(bool with_new) {
  auto snapshot = std::make_shared<parser::Snapshot>(*test_support::shop_catalog());
  parser::Relation copy = snapshot->relations.at(users);
  snapshot->relations.at(users).name = "users_old";
  for (parser::Oid child : copy.children) snapshot->relations.at(child).parents = {};
  snapshot->relations.at(users).children = {};
  copy.oid = made_anew;
  copy.children = {};
  for (auto& [oid, relation] : snapshot->relations) {
    for (parser::ForeignKey& key : relation.foreign_keys) {
      if (key.target == users) key.target = made_anew;
    }
  }
  if (with_new) snapshot->relations[made_anew] = copy;
  snapshot->finish();
  return snapshot;
}

TEST(Generation, RulesStayWithTheTableTheyWereBoundTo) {
  const enforce::GenerationPtr before = test_support::shop_generation();
  const auto result =
      enforce::make_generation(swapped(true), before->rules(), before->options(), before.get());
  ASSERT_NE(result.generation, nullptr);
  EXPECT_TRUE(result.generation->orphans().contains(users));
  EXPECT_EQ(result.generation->functions().reaches_protected(users), RelationReach::opaque);
  EXPECT_EQ(result.generation->functions().reaches_protected(made_anew), RelationReach::protected_itself);
  EXPECT_TRUE(result.generation->is_sensitive_name("users_old"));

  // It is not forgotten with the next change…
  const auto later =
      enforce::make_generation(swapped(true), before->rules(), before->options(), result.generation.get());
  EXPECT_EQ(later.generation->functions().reaches_protected(users), RelationReach::opaque);
  // …but when the rules are loaded anew.
  const auto reloaded = enforce::make_generation(swapped(true), before->rules(), before->options());
  EXPECT_EQ(reloaded.generation->functions().reaches_protected(users), RelationReach::none);
}

TEST(Generation, WhatRunsWhileRulesAreLoadedIsJudgedByThoseItWasPlannedUnder) {
  const enforce::GenerationPtr open = test_support::shop_generation();
  std::string stricter = test_support::shop_rules;
  const std::string city = "city: public";
  stricter.replace(stricter.find(city), city.size(), "city: {category: contact, mask: \"null\"}");
  const auto read = rules::parse_rules(stricter, "rules.yaml");
  ASSERT_NE(read.rules, nullptr);
  const enforce::GenerationPtr closed =
      enforce::make_generation(test_support::shop_catalog(), read.rules, {}).generation;
  ASSERT_NE(closed, nullptr);

  enforce::GenerationPtr current = open;
  const auto planner = enforce::make_planner([&]() -> const enforce::GenerationPtr& { return current; }, {});
  const parser::Column* column = open->catalog().relations.at(users).column("city");
  ASSERT_NE(column, nullptr);
  const enforce::ColumnOrigin origin{users, column->attnum};
  const auto plan_now = [&] {
    const auto planned = planner->plan("SELECT city FROM users", test_support::shop_session("crm"), true);
    return std::get<enforce::PlanPtr>(planned);
  };

  const enforce::PlanPtr before = plan_now();
  EXPECT_FALSE(planner->is_protected(origin, before.get()));
  current = closed;
  EXPECT_FALSE(planner->is_protected(origin, before.get()));  // it is on its way
  const enforce::PlanPtr after = plan_now();
  EXPECT_FALSE(planner->is_protected(origin, before.get()));  // though others are planned anew
  EXPECT_TRUE(planner->is_protected(origin, after.get()));
  EXPECT_TRUE(planner->is_protected(origin, nullptr));
  current = open;
  plan_now();
  EXPECT_TRUE(planner->is_protected(origin, after.get()));
  current = closed;
  plan_now();
  current = test_support::shop_generation();
  plan_now();
  EXPECT_FALSE(planner->is_protected(origin, before.get()));  // unknown by now: as it is at present
}

}  // namespace
}  // namespace pgconsent
