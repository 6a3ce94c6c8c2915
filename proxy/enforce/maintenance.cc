#include "proxy/enforce/maintenance.h"

#include <algorithm>
#include <vector>

#include "parser/tree/walker.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

using parser::Relation;

class Maintenance {
 public:
  Maintenance(const Generation& generation, const parser::NameResolver& names, Statement& statement)
      : generation_(generation), names_(names), statement_(statement) {}

  // False: unknown to the catalog.
  bool touch(const RangeVar* range) {
    if (range == nullptr) return everything(), true;
    const parser::ResolvedName name = names_.resolve(*range);
    if (!name.found()) return false;
    if (name.relation != nullptr) touch(*name.relation);
    return true;
  }

  void everything() {
    for (const auto& [oid, rules] : generation_.policy().relations) {
      if (const Relation* relation = generation_.catalog().relation(oid)) touch(*relation);
    }
  }

  // Triggers run on each table that is emptied: partitions and children, with CASCADE those that refer to
  // them.
  bool empty(const TruncateStmt* truncate) {
    bool known = true;
    parser::for_each(truncate->relations, [&](const Node* node) {
      const parser::ResolvedName name = names_.resolve(*parser::as<RangeVar>(node));
      known &= name.found();
      if (name.relation != nullptr) add(*name.relation);
    });
    if (!known) return false;
    for (std::size_t i = 0; i < emptied_.size(); ++i) {
      for (parser::Oid child : emptied_[i]->children) {
        if (const Relation* below = generation_.catalog().relation(child)) add(*below);
      }
      if (truncate->behavior == DROP_CASCADE) add_referring(emptied_[i]->oid);
      touch(*emptied_[i]);
      if (!generation_.functions().write_is_dangerous(emptied_[i]->oid)) continue;
      statement_.refusal =
          refusal("emptying \"" + emptied_[i]->name + "\" runs code that may read protected data",
                  "A trigger of it calls a function that can't be seen through.",
                  "List the function under `functions: trusted` in the rules if it is harmless.");
    }
    return true;
  }

  // The rows' order would show in ctid how masked values sort.
  bool cluster(const RangeVar* range) {
    const bool known = touch(range);
    if (known && statement_.decision != Decision::untouched)
      statement_.refusal = refusal("CLUSTER can't be used on protected tables through the proxy",
                                   "The order of the rows would tell about masked values.",
                                   "Name an unprotected table, or let a DBA do it without the proxy.");
    return known;
  }

 private:
  // An index says nothing of its table here: its errors may print rows, so it counts as protected.
  void touch(const Relation& relation) {
    const bool is_index = relation.kind == parser::RelationKind::index ||
                          relation.kind == parser::RelationKind::partitioned_index;
    parser::ResolvedName name;
    name.relation = &relation;
    if (!is_index && generation_.reach(name) == parser::RelationReach::none) return;
    statement_.decision = Decision::allowed;
    statement_.runs_row_code |= is_index || generation_.functions().writing_may_fail_on_rows(relation.oid);
    add_unique(statement_.audit.tables, relation.schema + "." + relation.name);
  }

  void add(const Relation& relation) {
    if (std::find(emptied_.begin(), emptied_.end(), &relation) == emptied_.end())
      emptied_.push_back(&relation);
  }

  void add_referring(parser::Oid target) {
    for (const auto& [oid, relation] : generation_.catalog().relations) {
      for (const parser::ForeignKey& key : relation.foreign_keys) {
        if (key.target == target) add(relation);
      }
    }
  }

  const Generation& generation_;
  const parser::NameResolver& names_;
  Statement& statement_;
  std::vector<const Relation*> emptied_;
};

}  // namespace

bool decide_maintenance(const parser::StatementFacts& facts, const Generation& generation,
                        const parser::NameResolver& names, Statement& statement) {
  Maintenance maintenance(generation, names, statement);
  switch (nodeTag(facts.statement)) {
    case T_LockStmt:
      return true;
    case T_VacuumStmt: {
      const auto* vacuum = parser::as<VacuumStmt>(facts.statement);
      bool known = true;
      if (vacuum->rels == nullptr) maintenance.everything();
      parser::for_each(vacuum->rels, [&](const Node* each) {
        known &= maintenance.touch(parser::as<VacuumRelation>(each)->relation);
      });
      return known;
    }
    case T_ClusterStmt:
      return maintenance.cluster(parser::as<ClusterStmt>(facts.statement)->relation);
    case T_ReindexStmt:
      return maintenance.touch(parser::as<ReindexStmt>(facts.statement)->relation);
    case T_TruncateStmt:
      return maintenance.empty(parser::as<TruncateStmt>(facts.statement));
    default:
      return false;
  }
}

}  // namespace pgconsent::enforce
