// Which relations lead to protected data.
#include <gtest/gtest.h>

#include "tests/unit/reach/fixture.h"

namespace pgconsent::parser {
namespace {

TEST(Relation, TablesAndUnknown) {
  auto reach = shop().reach();
  EXPECT_EQ(reach->reaches_protected(users), RelationReach::protected_itself);
  EXPECT_EQ(reach->reaches_protected(orders), RelationReach::none);
  EXPECT_EQ(reach->reaches_protected(29999), RelationReach::opaque);
}

TEST(Relation, ViewsOverViews) {
  World world = shop();
  world.view(20010, "v1", {users, orders});
  world.view(20011, "v2", {20010});
  world.view(20012, "v3", {orders});
  world.view(20013, "ruled", {users});
  world.options.protected_relations.insert(20013);
  world.view(20014, "untold", {users}).view_definition.clear();
  auto reach = world.reach();
  EXPECT_EQ(reach->reaches_protected(20010), RelationReach::view);
  EXPECT_EQ(reach->reaches_protected(20011), RelationReach::view);
  EXPECT_EQ(reach->reaches_protected(20012), RelationReach::none);
  EXPECT_EQ(reach->reaches_protected(20013), RelationReach::protected_itself);
  EXPECT_EQ(reach->reaches_protected(20014), RelationReach::opaque);
}

TEST(Relation, ViewThatCallsADangerousFunction) {
  World world = shop();
  world.function(30001, "peek", "sql", "SELECT email FROM users");
  world.builtin(2924, "query_to_xml", "text, boolean, boolean, text");
  world.view(20010, "v1", {orders, 30001});
  world.view(20011, "v2", {users, 30001});
  world.view(20012, "v3", {2924});
  world.view(20013, "over", {20012});
  auto reach = world.reach();
  EXPECT_EQ(reach->reaches_protected(20010), RelationReach::opaque);
  EXPECT_EQ(reach->reaches_protected(20011), RelationReach::opaque);
  EXPECT_EQ(reach->reaches_protected(20012), RelationReach::opaque);
  EXPECT_EQ(reach->reaches_protected(20013), RelationReach::view)
      << "its parts are judged when it is expanded";
  EXPECT_EQ(reach->relation_reason(20010), "`public.v1` calls `public.peek(integer)`");
}

TEST(Relation, MaterializedViewsRulesAndForeignTables) {
  World world = shop();
  world.relation(20010, "m", RelationKind::materialized_view).depends_on = {users};
  world.relation(20011, "m2", RelationKind::materialized_view).depends_on = {orders};
  world.relation(20012, "f", RelationKind::foreign_table);
  Relation& with_rule = world.relation(20013, "with_rule");
  with_rule.has_rules = true;
  with_rule.depends_on = {users};
  auto reach = world.reach();
  EXPECT_EQ(reach->reaches_protected(20010), RelationReach::opaque);
  EXPECT_EQ(reach->reaches_protected(20011), RelationReach::none);
  EXPECT_EQ(reach->reaches_protected(20012), RelationReach::opaque);
  EXPECT_EQ(reach->reaches_protected(20013), RelationReach::opaque);
}

TEST(Relation, AncestorsAndForgottenChildren) {
  World world = shop();
  world.relation(20010, "everyone");
  world.relation(20011, "beings");
  world.relation(20012, "animals");
  world.relation(20013, "vip");
  world.inherit(users, 20010);
  world.inherit(20010, 20011);
  world.inherit(20012, 20011);
  world.inherit(20013, users);
  auto reach = world.reach();
  EXPECT_EQ(reach->reaches_protected(20010), RelationReach::opaque);
  EXPECT_EQ(reach->reaches_protected(20011), RelationReach::opaque);
  EXPECT_EQ(reach->reaches_protected(20012), RelationReach::none) << "a sibling";
  EXPECT_EQ(reach->reaches_protected(20013), RelationReach::opaque) << "the rules should have covered it";
}

TEST(Relation, CatalogsByNameAndOid) {
  World world = shop();
  world.relation(2619, "pg_statistic", RelationKind::table, "pg_catalog");
  world.relation(12100, "pg_stat_activity", RelationKind::view, "pg_catalog");
  world.relation(1259, "pg_class", RelationKind::table, "pg_catalog");
  world.relation(20010, "pg_config", RelationKind::table, "public");
  world.view(20011, "spy", {2619});
  world.relation(20012, "consent_customer", RelationKind::view, "pgconsent");
  world.options.denied_relations = {20012};
  auto reach = world.reach();
  EXPECT_EQ(reach->reaches_protected(2619), RelationReach::denied_catalog);
  EXPECT_EQ(reach->reaches_protected(12100), RelationReach::blank_columns);
  EXPECT_EQ(reach->reaches_protected(1259), RelationReach::none);
  EXPECT_EQ(reach->reaches_protected(20010), RelationReach::none) << "an application's own table";
  EXPECT_EQ(reach->reaches_protected(20011), RelationReach::view);
  EXPECT_EQ(reach->reaches_protected(20012), RelationReach::denied_catalog);
}

}  // namespace
}  // namespace pgconsent::parser
