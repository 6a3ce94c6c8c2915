#include "parser/catalog/write_graph.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pgconsent::parser {
namespace {

struct Tables {
  Snapshot snapshot;
  Relation& add(Oid oid, RelationKind kind = RelationKind::table) {
    Relation& relation = snapshot.relations[oid];
    relation.oid = oid;
    relation.kind = kind;
    return relation;
  }
  void refer(Oid from, Oid to, char on_delete) {
    ForeignKey key;
    key.target = to;
    key.on_delete = on_delete;
    snapshot.relations[from].foreign_keys.push_back(key);
  }
};

std::vector<Oid> sorted(std::vector<Oid> oids) {
  std::sort(oids.begin(), oids.end());
  return oids;
}

TEST(WriteGraph, ForeignKeysThatAct) {
  Tables tables;
  for (Oid oid : {1, 2, 3, 4}) tables.add(oid);
  tables.refer(2, 1, 'c');
  tables.refer(3, 2, 'n');
  tables.refer(4, 1, 'a');
  const WriteGraph graph(tables.snapshot);
  EXPECT_EQ(sorted(graph.written_with(1)), (std::vector<Oid>{1, 2, 3}));
  EXPECT_EQ(sorted(graph.writers_of(3)), (std::vector<Oid>{1, 2, 3}));
  EXPECT_EQ(graph.writers_of(4), (std::vector<Oid>{4}));
}

TEST(WriteGraph, ChildrenViewsAndRules) {
  Tables tables;
  tables.add(1).children = {2};
  tables.add(2);
  tables.add(3, RelationKind::view).depends_on = {1, 900};
  tables.add(4).depends_on = {1};  // without a rule it only has defaults that use it
  Relation& ruled = tables.add(5);
  ruled.has_rules = true;
  ruled.depends_on = {3};
  const WriteGraph graph(tables.snapshot);
  EXPECT_EQ(sorted(graph.written_with(5)), (std::vector<Oid>{1, 2, 3, 5}));
  EXPECT_EQ(sorted(graph.writers_of(2)), (std::vector<Oid>{1, 2, 3, 5}));
  EXPECT_EQ(graph.written_with(4), (std::vector<Oid>{4}));
}

TEST(WriteGraph, ARing) {
  Tables tables;
  tables.add(1);
  tables.add(2);
  tables.refer(1, 2, 'c');
  tables.refer(2, 1, 'c');
  const WriteGraph graph(tables.snapshot);
  EXPECT_EQ(sorted(graph.written_with(1)), (std::vector<Oid>{1, 2}));
  EXPECT_EQ(graph.written_with(7), (std::vector<Oid>{7}));
}

}  // namespace
}  // namespace pgconsent::parser
