// Errors that may print what PostgreSQL's own evaluation of checks, policies and the like has read from
// unmasked rows; who may meet them, and who may catch them.
#include <algorithm>

#include "parser/reach/closure.h"

namespace pgconsent::parser {

void ReachClosure::find_row_errors() {
  auto& reads = out_.error_reads_;
  auto& writes = out_.error_writes_;
  const auto is_masked = [&](const Relation& relation, const std::vector<AttrNumber>& columns) {
    return options_.protected_relations.contains(relation.oid) &&
           std::any_of(columns.begin(), columns.end(),
                       [&](AttrNumber column) { return options_.is_masked(relation.oid, column); });
  };
  for (const auto& [oid, relation] : snapshot_.relations) {
    const auto& in_policies = relation.policy_relations;
    if (relation.row_security && (is_masked(relation, relation.policy_columns) ||
                                  std::any_of(in_policies.begin(), in_policies.end(), [&](Oid used) {
                                    return out_.reaches_protected(used) != RelationReach::none;
                                  })))
      reads.insert(oid);
    if (!is_masked(relation, relation.implicit_columns)) continue;
    for (Oid writer : writes_.writers_of(oid)) writes.insert(writer);
  }
  // Views show what is below them, and policies what they read.
  for (bool grown = !reads.empty(); grown;) {
    grown = false;
    for (const auto& [oid, relation] : snapshot_.relations) {
      const auto any = [&](const std::vector<Oid>& used) {
        return std::any_of(used.begin(), used.end(), [&](Oid each) { return reads.contains(each); });
      };
      if (any(relation.depends_on) || (relation.row_security && any(relation.policy_relations)))
        grown |= reads.insert(oid).second;
    }
  }
  for (Oid oid : std::vector<Oid>(reads.begin(), reads.end())) {
    for (Oid writer : writes_.writers_of(oid)) writes.insert(writer);
  }
  const auto add_names = [&](const std::unordered_set<Oid>& oids, auto& names) {
    for (Oid oid : oids) {
      if (const Relation* relation = snapshot_.relation(oid)) names.insert(relation->name);
    }
  };
  add_names(reads, out_.error_read_names_);
  add_names(writes, out_.error_write_names_);
}

// Marks the functions that catch such errors, or those that a write prints which protected rows follow.
// False: there were no new ones.
bool ReachClosure::mark_catchers() {
  auto& caught = out_.caught_write_names_;
  caught.insert(out_.error_write_names_.begin(), out_.error_write_names_.end());
  for (Oid oid : options_.protected_relations) {
    for (Oid writer : writes_.writers_of(oid)) {
      if (const Relation* relation = snapshot_.relation(writer)) caught.insert(relation->name);
    }
  }
  const auto naming = [&](const auto& names, bool writers_only, std::vector<const Function*>& out) {
    for (const std::string& name : names) {
      const auto it = named_in_.find(name);
      if (it == named_in_.end()) continue;
      for (const Function* user : it->second) {
        if (!writers_only || writers_.contains(user->oid)) out.push_back(user);
      }
    }
  };
  std::vector<const Function*> failing;
  naming(out_.error_read_names_, false, failing);
  naming(out_.error_write_names_, true, failing);
  const Reached met = users_of(failing);
  naming(caught, true, failing);
  failing.insert(failing.end(), deferred_checkers_.begin(), deferred_checkers_.end());
  const Reached reached = users_of(failing);

  const auto add_names = [&](const std::unordered_set<Oid>& functions, auto& names) {
    for (Oid oid : functions) names.insert(snapshot_.function(oid)->name);
  };
  add_names(met.functions, out_.error_calls_);
  out_.unseen_row_errors_ |= met.unseen;
  for (Oid oid : met.relations) {  // a view that calls one, a table whose triggers or policies do
    for (Oid writer : writes_.writers_of(oid)) out_.error_callers_.insert(writer);
  }
  add_names(reached.functions, out_.caught_calls_);
  const std::size_t before = out_.dangerous_.size();
  for (Oid oid : reached.functions) {
    if (catchers_.contains(oid))
      mark(*snapshot_.function(oid), "may catch an error that tells of protected rows");
  }
  return out_.dangerous_.size() != before;
}

}  // namespace pgconsent::parser
