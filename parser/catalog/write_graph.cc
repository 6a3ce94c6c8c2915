#include "parser/catalog/write_graph.h"

namespace pgconsent::parser {

WriteGraph::WriteGraph(const Snapshot& catalog) {
  for (const auto& [oid, relation] : catalog.relations) {
    for (Oid child : relation.children) add(oid, child);
    for (const ForeignKey& key : relation.foreign_keys) {
      if (key.writes()) add(key.target, oid);
    }
    if (relation.kind != RelationKind::view && !relation.has_rules) continue;
    for (Oid used : relation.depends_on) {
      if (catalog.relations.contains(used)) add(oid, used);
    }
  }
}

void WriteGraph::add(Oid above, Oid below) {
  below_[above].push_back(below);
  above_[below].push_back(above);
}

std::vector<Oid> WriteGraph::closure(const Edges& edges, Oid relation) {
  std::vector<Oid> found = {relation};
  std::unordered_set<Oid> seen = {relation};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto it = edges.find(found[i]);
    if (it == edges.end()) continue;
    for (Oid next : it->second) {
      if (seen.insert(next).second) found.push_back(next);
    }
  }
  return found;
}

}  // namespace pgconsent::parser
