// Which relations are written with which: a parent with its children, a table with those whose foreign keys
// carry the change on, views and tables with rewrite rules with what these name.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "parser/catalog/snapshot.h"

namespace pgconsent::parser {

class WriteGraph {
 public:
  explicit WriteGraph(const Snapshot& catalog);

  // Both begin with the relation itself; each is there once.
  std::vector<Oid> written_with(Oid relation) const { return closure(below_, relation); }
  std::vector<Oid> writers_of(Oid relation) const { return closure(above_, relation); }

 private:
  using Edges = std::unordered_map<Oid, std::vector<Oid>>;
  static std::vector<Oid> closure(const Edges& edges, Oid relation);
  void add(Oid above, Oid below);

  Edges below_, above_;
};

}  // namespace pgconsent::parser
