// How danger spreads: from functions to functions, operators, casts, types and views.
#include <gtest/gtest.h>

#include "tests/unit/reach/fixture.h"

namespace pgconsent::parser {
namespace {

TEST(Builtin, DeniedByIdentityAndNewOverload) {
  World world = shop();
  world.builtin(3826, "pg_read_file", "text");
  world.builtin(9999, "pg_read_file", "text, boolean");  // PostgreSQL 16 has one
  world.builtin(3685, "ts_rewrite", "tsquery, text");
  world.builtin(3684, "ts_rewrite", "tsquery, tsquery, tsquery");
  world.builtin(870, "lower", "text");
  world.builtin(2096, "pg_terminate_backend", "integer, bigint");
  auto reach = world.reach();
  EXPECT_TRUE(reach->is_dangerous(3826));
  EXPECT_TRUE(reach->is_dangerous(9999));
  EXPECT_TRUE(reach->is_dangerous(3685));
  EXPECT_FALSE(reach->is_dangerous(3684));
  EXPECT_FALSE(reach->is_dangerous(870));
  EXPECT_TRUE(reach->is_dangerous(2096));
  EXPECT_TRUE(reach->any_dangerous("ts_rewrite"));
  EXPECT_FALSE(reach->any_dangerous("lower"));
  EXPECT_EQ(reach->reason(3826), "`pg_catalog.pg_read_file(text)` reads server files or configuration");
}

TEST(Builtin, SpecialOnesAreTold) {
  World world = shop();
  world.builtin(2078, "set_config", "text, text, boolean");
  world.builtin(817, "current_query", "");
  world.builtin(952, "lo_open", "oid, integer");
  world.function(30000, "current_query", "sql", "SELECT 'mine'");
  auto reach = world.reach();
  EXPECT_EQ(reach->special(2078), SpecialFunction::set_config);
  EXPECT_EQ(reach->special(817), SpecialFunction::current_query);
  EXPECT_EQ(reach->special(952), SpecialFunction::large_object);
  EXPECT_EQ(reach->special(30000), SpecialFunction::none);
  EXPECT_TRUE(reach->may_change_state(2078));
  EXPECT_FALSE(reach->may_change_state(817));
  EXPECT_TRUE(reach->any_special_or_stateful("lo_open"));
}

TEST(Function, UnknownIsDangerous) {
  auto reach = shop().reach();
  EXPECT_TRUE(reach->is_dangerous(12345));
  EXPECT_TRUE(reach->may_change_state(12345));
  EXPECT_NE(reach->reason(12345), "");
}

TEST(Function, ExtensionsByName) {
  World world = shop();
  world.function(30000, "similarity", "c", "").extension = "pg_trgm";
  world.function(30001, "dblink", "c", "").extension = "dblink";
  world.function(30002, "mystery", "c", "");
  world.function(30003, "hstore_text", "sql", "SELECT email FROM users").extension = "hstore";
  world.function(30004, "crosstab2", "sql", "SELECT 1").extension = "tablefunc";
  auto reach = world.reach();
  EXPECT_FALSE(reach->is_dangerous(30000));
  EXPECT_FALSE(reach->may_change_state(30000));
  EXPECT_TRUE(reach->is_dangerous(30001));
  EXPECT_TRUE(reach->is_dangerous(30002));
  EXPECT_TRUE(reach->is_dangerous(30003)) << "whoever owns an extension may add functions to it";
  EXPECT_TRUE(reach->is_dangerous(30004));
}

TEST(Function, SpreadsThroughCallers) {
  World world = shop();
  world.function(30003, "a", "sql", "SELECT b($1)");
  world.function(30002, "b", "plpgsql", "BEGIN RETURN x.c; END");  // c(x), written as a field
  world.function(30001, "c", "sql", "SELECT email FROM users");
  world.function(30004, "d", "sql", "SELECT c FROM orders");  // a column
  world.function(30005, "loop", "sql", "SELECT loop($1)");
  auto reach = world.reach();
  EXPECT_TRUE(reach->is_dangerous(30001));
  EXPECT_TRUE(reach->is_dangerous(30002));
  EXPECT_TRUE(reach->is_dangerous(30003));
  EXPECT_FALSE(reach->is_dangerous(30004));
  EXPECT_FALSE(reach->is_dangerous(30005));
  EXPECT_EQ(reach->reason(30003), "`public.a(integer)` calls `public.b(integer)`");
}

TEST(Function, TrustedStopsTheSpreadAndRefusedWins) {
  World world = shop();
  world.function(30001, "tax", "plpgsql", "BEGIN EXECUTE q; END");
  world.function(30002, "total", "sql", "SELECT tax($1)");
  world.function(30003, "both", "sql", "SELECT 1");
  world.options.trusted_functions = {30001, 30003};
  world.options.refused_functions = {30003};
  auto reach = world.reach();
  EXPECT_FALSE(reach->is_dangerous(30001));
  EXPECT_FALSE(reach->is_dangerous(30002));
  EXPECT_TRUE(reach->is_dangerous(30003));
  EXPECT_TRUE(reach->may_change_state(30001)) << "trusted with data, not to leave the session alone";
}

TEST(Function, SettingsThatChangeTheDialect) {
  World world = shop();
  world.function(30001, "a", "sql", "SELECT 1").settings = {"standard_conforming_strings=off"};
  world.function(30002, "b", "sql", "SELECT 1").settings = {"search_path=public"};
  auto reach = world.reach();
  EXPECT_TRUE(reach->is_dangerous(30001));
  EXPECT_FALSE(reach->is_dangerous(30002));
}

TEST(Function, AggregateIsAsDangerousAsItsParts) {
  World world = shop();
  world.function(30001, "peek", "sql", "SELECT count(*) FROM users");
  Function& bad = world.function(30002, "bad_sum", "internal", "");
  bad.kind = 'a';
  bad.depends_on = {30001};
  world.function(30003, "good_sum", "internal", "").kind = 'a';
  auto reach = world.reach();
  EXPECT_TRUE(reach->is_dangerous(30002));
  EXPECT_FALSE(reach->is_dangerous(30003));
}

TEST(Function, StandardBodyByItsReferences) {
  World world = shop();
  world.function(30001, "f", "sql", "BEGIN ATOMIC\n SELECT 1;\nEND").depends_on = {users};
  EXPECT_TRUE(world.reach()->is_dangerous(30001));
}

TEST(Function, WritesToWhatRunsDangerousCode) {
  World world = shop();
  world.function(30001, "audit", "plpgsql", "BEGIN EXECUTE q; END");
  world.relation(20020, "trail").trigger_functions = {30001};
  world.function(30002, "log_it", "sql", "INSERT INTO trail VALUES ($1)");
  world.function(30003, "read_it", "sql", "SELECT count(*) FROM trail");
  auto reach = world.reach();
  EXPECT_TRUE(reach->write_is_dangerous(20020));
  EXPECT_FALSE(reach->write_is_dangerous(orders));
  EXPECT_EQ(reach->reaches_protected(20020), RelationReach::none);
  EXPECT_TRUE(reach->is_dangerous(30002));
  EXPECT_FALSE(reach->is_dangerous(30003));
  EXPECT_TRUE(reach->relation_may_change_state(20020));
}

TEST(Operator, FunctionOrEstimator) {
  World world = shop();
  world.function(30001, "peek", "sql", "SELECT count(*) > 0 FROM users");
  world.function(30002, "same", "sql", "SELECT true");
  world.snapshot->operators = {{40001, "public", "=~", 30001, 0, 0, 0, 0},
                               {40002, "public", "=~=", 30002, 0, 0, 0, 0},
                               {40003, "public", "~?", 30002, 0, 0, 30001, 0}};
  world.function(30003, "uses", "sql", "SELECT $1 =~ 2");
  auto reach = world.reach();
  EXPECT_TRUE(reach->operator_is_dangerous("=~"));
  EXPECT_FALSE(reach->operator_is_dangerous("=~="));
  EXPECT_TRUE(reach->operator_is_dangerous("~?"));
  EXPECT_FALSE(reach->operator_is_dangerous("="));
  EXPECT_TRUE(reach->is_dangerous(30003));
}

TEST(Cast, PairsAndAny) {
  World world = shop();
  world.function(30001, "leak", "sql", "SELECT email FROM users");
  world.snapshot->types[50001] = {50001, "public", "mood", 0, 0, {}};
  world.snapshot->casts = {{50001, 25, 30001, 'i'}};
  world.relation(20020, "diary").columns = {{"m", 1, 50001, -1, "", "", 'E', false, false, true, true, {}}};
  world.function(30002, "prints", "sql", "SELECT m::text FROM diary");
  auto reach = world.reach();
  EXPECT_TRUE(reach->unseen_cast_is_dangerous());
  EXPECT_TRUE(reach->cast_is_dangerous(50001, 25));
  EXPECT_TRUE(reach->cast_is_dangerous(0, 25));
  EXPECT_TRUE(reach->cast_is_dangerous(50001, 0));
  EXPECT_FALSE(reach->cast_is_dangerous(25, 50001));
  EXPECT_TRUE(reach->is_dangerous(30002));
}

TEST(Cast, AnExplicitOneOnlyWhereItsTypeIsNamed) {
  World world = shop();
  world.function(30001, "leak", "sql", "SELECT email FROM users");
  world.snapshot->types[50001] = {50001, "public", "mood", 0, 0, {}};
  world.snapshot->casts = {{25, 50001, 30001, 'e'}};
  auto reach = world.reach();
  EXPECT_FALSE(reach->unseen_cast_is_dangerous());
  EXPECT_TRUE(reach->any_type_is_dangerous("mood"));
  world.snapshot->casts = {{50001, 25, 30001, 'e'}};  // text is named by many names
  EXPECT_TRUE(world.reach()->unseen_cast_is_dangerous());
}

TEST(Type, DomainsArraysAndRows) {
  World world = shop();
  world.function(30001, "ok", "sql", "SELECT email = 'x' FROM users");
  world.snapshot->types[50001] = {50001, "public", "checked", 0, 25, {30001}};
  world.snapshot->types[50002] = {50002, "public", "_checked", 0, 50001, {}};
  world.snapshot->types[50003] = {50003, "public", "pair", 20030, 0, {}};
  world.snapshot->types[50004] = {50004, "public", "fine", 0, 25, {}};
  world.relation(20030, "pair", RelationKind::composite_type).columns = {
      {"c", 1, 50001, -1, "", "", 'S', false, false, true, true, {}}};
  world.function(30002, "casts", "sql", "SELECT 'x'::checked");
  auto reach = world.reach();
  EXPECT_TRUE(reach->type_is_dangerous(50001));
  EXPECT_TRUE(reach->type_is_dangerous(50002));
  EXPECT_TRUE(reach->type_is_dangerous(50003));
  EXPECT_FALSE(reach->type_is_dangerous(50004));
  EXPECT_FALSE(reach->type_is_dangerous(25));
  EXPECT_TRUE(reach->type_is_dangerous(59999)) << "unknown";
  EXPECT_TRUE(reach->any_type_is_dangerous("checked"));
  EXPECT_TRUE(reach->is_dangerous(30002));
}

}  // namespace
}  // namespace pgconsent::parser
