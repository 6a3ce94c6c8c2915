#include "parser/catalog/snapshot.h"

#include <gtest/gtest.h>

namespace pgconsent::parser {
namespace {

std::shared_ptr<Snapshot> two_schemas() {
  auto snapshot = std::make_shared<Snapshot>();
  for (Oid oid : {1, 2}) {
    Relation& relation = snapshot->relations[oid];
    relation.oid = oid;
    relation.schema = oid == 1 ? "a" : "b";
    relation.name = "users";
    relation.columns.resize(2);
    relation.columns[0] = {"id", 1, 23, -1, "", "", 'N', true, false, true, true, {}};
    relation.columns[1] = {"email", 3, 25, -1, "", "", 'S', false, false, true, true, {}};
  }
  snapshot->schemas = {"a", "b"};
  return snapshot;
}

TEST(Snapshot, RelationsBySchemaAndName) {
  auto snapshot = two_schemas();
  snapshot->finish();
  EXPECT_EQ(snapshot->relation("a", "users")->oid, 1u);
  EXPECT_EQ(snapshot->relation("b", "users")->oid, 2u);
  EXPECT_EQ(snapshot->relation("c", "users"), nullptr);
  EXPECT_EQ(snapshot->relation("a", "Users"), nullptr);
  EXPECT_EQ(snapshot->relation("", "a.users"), nullptr);
  EXPECT_EQ(snapshot->relation(1)->schema, "a");
  EXPECT_EQ(snapshot->relation(3), nullptr);
  EXPECT_TRUE(snapshot->has_schema("a"));
  EXPECT_FALSE(snapshot->has_schema("A"));
}

// Schema and name are one key: the border between them must count, and names of any length must work.
TEST(Snapshot, LongNamesAndBorders) {
  auto snapshot = std::make_shared<Snapshot>();
  const std::string long_schema(200, 's'), long_name(300, 'n');
  Relation& first = snapshot->relations[1];
  first.schema = "ab";
  first.name = "c";
  Relation& second = snapshot->relations[2];
  second.schema = long_schema;
  second.name = long_name;
  snapshot->finish();
  EXPECT_EQ(snapshot->relation("a", "bc"), nullptr);
  EXPECT_EQ(snapshot->relation("ab", "c"), &first);
  EXPECT_EQ(snapshot->relation(long_schema, long_name), &second);
  EXPECT_EQ(snapshot->relation(long_schema, long_name + "n"), nullptr);
}

TEST(Snapshot, ColumnsByNameAndNumber) {
  auto snapshot = two_schemas();
  const Relation& users = snapshot->relations.at(1);
  EXPECT_EQ(users.column("email")->attnum, 3);
  EXPECT_EQ(users.column(AttrNumber{3})->name, "email");
  EXPECT_EQ(users.column(AttrNumber{2}), nullptr) << "dropped";
  EXPECT_EQ(users.column(AttrNumber{-1}), nullptr) << "system columns are not listed";
  EXPECT_EQ(users.column("Email"), nullptr);
}

TEST(Snapshot, FunctionsWithOverloads) {
  Snapshot snapshot;
  for (Oid oid : {10, 11, 12}) {
    snapshot.functions[oid].oid = oid;
    snapshot.functions[oid].name = oid == 12 ? "other" : "f";
  }
  snapshot.finish();
  EXPECT_EQ(snapshot.functions_named("f").size(), 2u);
  EXPECT_EQ(snapshot.functions_named("other").size(), 1u);
  EXPECT_TRUE(snapshot.functions_named("none").empty());
  EXPECT_EQ(snapshot.function(12)->name, "other");
  EXPECT_EQ(snapshot.function(13), nullptr);
}

}  // namespace
}  // namespace pgconsent::parser
