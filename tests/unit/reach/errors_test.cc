// Errors that may print raw rows: code may not meet them, since it could catch them.
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
  world.function(30003, "through", "sql", "SELECT count(*) FROM behind");
  world.relation(20300, "filled").implicit_functions = {30001};
  auto reach = world.reach();
  EXPECT_TRUE(reach->reading_may_fail_on_rows(guarded));
  EXPECT_TRUE(reach->reading_may_fail_on_rows(20200));
  EXPECT_FALSE(reach->reading_may_fail_on_rows(orders));
  EXPECT_TRUE(reach->names_what_may_fail_on_rows("behind"));
  for (Oid oid : {30000, 30001, 30003}) EXPECT_TRUE(reach->is_dangerous(oid)) << oid;
  EXPECT_FALSE(reach->is_dangerous(30002));
  EXPECT_TRUE(reach->write_is_dangerous(20300));
  EXPECT_NE(reach->judge_body("plpgsql", "BEGIN PERFORM * FROM guarded; END"), "");
}

TEST(RowErrors, OfChangesThatProtectedRowsFollow) {
  World world = shop();
  world.relation(above, "above");
  ForeignKey key;
  key.target = above;
  key.on_update = 'c';
  world.snapshot->relations.at(users).foreign_keys.push_back(key);
  auto reach = world.reach();
  for (const char* body :
       {"UPDATE above SET id = 2", "UPDATE ONLY public.above a SET id = 2", "DELETE FROM above",
        "MERGE INTO above USING x ON true WHEN MATCHED THEN DELETE", "TRUNCATE x, above",
        "INSERT INTO above VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2",
        "WITH d AS (DELETE FROM public.above RETURNING *) SELECT * FROM d"}) {
    EXPECT_NE(reach->judge_body("sql", body), "") << body;
  }
  for (const char* body :
       {"INSERT INTO above VALUES (1)", "SELECT * FROM above FOR UPDATE",
        "UPDATE other SET a = (SELECT max(id) FROM above)",
        "INSERT INTO other SELECT id FROM above; DELETE FROM other WHERE id IN (SELECT id FROM above)"}) {
    EXPECT_EQ(reach->judge_body("sql", body), "") << body;
  }
  EXPECT_NE(reach->judge_body("plpgsql", "BEGIN SET CONSTRAINTS ALL IMMEDIATE; END"), "");
}

TEST(RowErrors, OfChecksOfMaskedColumns) {
  World world = shop();
  world.snapshot->relations.at(users).implicit_columns = {2};
  world.options.is_masked = [](Oid, AttrNumber column) { return column == 2; };
  EXPECT_TRUE(world.reach()->writing_may_fail_on_rows(users));
  world.options.is_masked = [](Oid, AttrNumber) { return false; };
  EXPECT_FALSE(world.reach()->writing_may_fail_on_rows(users));
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
