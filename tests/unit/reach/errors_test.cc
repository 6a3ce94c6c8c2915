// Errors that may print raw rows: who meets them, and who may not catch them.
#include <gtest/gtest.h>

#include "tests/unit/reach/fixture.h"

namespace pgconsent::parser {
namespace {

constexpr Oid guarded = 20100, above = 20101;

World with_policy() {
  World world = shop();
  Relation& relation = world.relation(guarded, "guarded");
  relation.row_security = true;
  relation.policy_relations = {users};
  return world;
}

TEST(RowErrors, OfPoliciesThatReadProtectedRows) {
  World world = with_policy();
  world.view(20200, "behind", {guarded});
  world.function(30000, "counts", "sql", "SELECT count(*) FROM guarded");
  world.function(30001, "outer", "plpgsql", "BEGIN RETURN counts(); END");
  world.function(30002, "other", "sql", "SELECT 1");
  world.relation(20300, "filled").implicit_functions = {30001};
  auto reach = world.reach();
  EXPECT_TRUE(reach->has_row_errors());
  EXPECT_TRUE(reach->reading_may_fail_on_rows(guarded));
  EXPECT_TRUE(reach->reading_may_fail_on_rows(20200));
  EXPECT_FALSE(reach->reading_may_fail_on_rows(orders));
  EXPECT_TRUE(reach->call_may_fail_on_rows("counts"));
  EXPECT_TRUE(reach->call_may_fail_on_rows("outer"));
  EXPECT_FALSE(reach->call_may_fail_on_rows("other"));
  EXPECT_TRUE(reach->using_may_fail_on_rows(20300));
  EXPECT_FALSE(reach->unseen_call_may_fail_on_rows());
  EXPECT_FALSE(reach->is_dangerous(30001));
}

TEST(RowErrors, MayNotBeCaught) {
  World world = with_policy();
  world.function(30000, "counts", "sql", "SELECT count(*) FROM guarded");
  const char* catches = "BEGIN RETURN counts(); EXCEPTION WHEN OTHERS THEN RETURN sqlerrm; END";
  world.function(30001, "tells", "plpgsql", catches);
  world.function(30002, "asks", "plpgsql", "BEGIN RETURN tells(); END");
  auto reach = world.reach();
  EXPECT_TRUE(reach->is_dangerous(30001));
  EXPECT_TRUE(reach->is_dangerous(30002));
  EXPECT_FALSE(reach->is_dangerous(30000));
  EXPECT_NE(reach->judge_body("plpgsql", catches), "");
  EXPECT_EQ(reach->judge_body("plpgsql", "BEGIN PERFORM f(); EXCEPTION WHEN OTHERS THEN NULL; END"), "");
  EXPECT_NE(reach->judge_body("plpgsql",
                              "BEGIN SET CONSTRAINTS ALL IMMEDIATE; EXCEPTION WHEN OTHERS THEN NULL; END"),
            "");
}

TEST(RowErrors, OfWritesThatProtectedRowsFollow) {
  World world = shop();
  world.relation(above, "above");
  ForeignKey key;
  key.target = above;
  key.on_update = 'c';
  world.snapshot->relations.at(users).foreign_keys.push_back(key);
  auto reach = world.reach();
  EXPECT_NE(
      reach->judge_body("plpgsql", "BEGIN UPDATE above SET id = 2; EXCEPTION WHEN OTHERS THEN NULL; END"),
      "");
  EXPECT_EQ(reach->judge_body("plpgsql", "BEGIN UPDATE above SET id = 2; END"), "");
  EXPECT_EQ(reach->judge_body("plpgsql", "BEGIN PERFORM id FROM above; EXCEPTION WHEN OTHERS THEN NULL; END"),
            "");
}

TEST(RowErrors, OfChecksOfMaskedColumns) {
  World world = shop();
  world.snapshot->relations.at(users).implicit_columns = {2};
  world.options.is_masked = [](Oid, AttrNumber column) { return column == 2; };
  EXPECT_TRUE(world.reach()->writing_may_fail_on_rows(users));
  world.options.is_masked = [](Oid, AttrNumber) { return false; };
  EXPECT_FALSE(world.reach()->has_row_errors());
}

TEST(RowErrors, ByAnOperator) {
  World world = with_policy();
  world.function(30000, "counts", "sql", "SELECT count(*) FROM guarded");
  Operator op;
  op.oid = 40000;
  op.name = "@@@";
  op.function = 30000;
  world.snapshot->operators.push_back(op);
  EXPECT_TRUE(world.reach()->unseen_call_may_fail_on_rows());
}

TEST(Writes, OfUntrustedRelationsByAnyWay) {
  World world = shop();
  world.relation(above, "above");
  world.relation(20102, "below");
  world.inherit(20102, above);
  world.options.untrusted_relations = {20102};
  world.function(30000, "writes", "sql", "DELETE FROM above");
  world.function(30001, "reads", "sql", "SELECT * FROM above");
  auto reach = world.reach();
  EXPECT_TRUE(reach->is_dangerous(30000));
  EXPECT_FALSE(reach->is_dangerous(30001));
  EXPECT_FALSE(reach->write_is_dangerous(above));  // a statement gets a better reason
}

}  // namespace
}  // namespace pgconsent::parser
