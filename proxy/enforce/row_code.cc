#include "proxy/enforce/row_code.h"

#include <algorithm>

namespace pgconsent::enforce {

namespace {

using parser::Oid;
using parser::Relation;

// Do these columns hold what some purpose does not see? 0: all of them.
bool any_masked(const rules::ProtectedRelation* rules, const std::vector<parser::AttrNumber>& columns) {
  if (rules == nullptr) return false;
  return std::any_of(columns.begin(), columns.end(), [&](parser::AttrNumber attnum) {
    const rules::ProtectedColumn* rule = rules->column(attnum);
    return rule == nullptr || !rule->is_public;
  });
}

}  // namespace

RowCode::RowCode(const parser::Snapshot& catalog, const rules::Policy& policy,
                 const parser::FunctionReach& functions) {
  for (const auto& [oid, relation] : catalog.relations) {
    const rules::ProtectedRelation* rules = policy.relation(oid);
    const auto shows_protected = [&](Oid used) {
      return functions.reaches_protected(used) != parser::RelationReach::none;
    };
    if (relation.row_security &&
        (any_masked(rules, relation.policy_columns) ||
         std::any_of(relation.policy_relations.begin(), relation.policy_relations.end(), shows_protected)))
      read_.insert(oid);
    if (any_masked(rules, relation.implicit_columns)) written_.insert(oid);
  }
  if (read_.empty() && written_.empty()) return;
  // Views show what is below them; a parent is written with its children, a table with those that refer to
  // it.
  const auto any_of = [](const std::vector<Oid>& list, const std::unordered_set<Oid>& in) {
    return std::any_of(list.begin(), list.end(), [&](Oid oid) { return in.contains(oid); });
  };
  for (bool grown = true; grown;) {
    grown = false;
    for (const auto& [oid, relation] : catalog.relations) {
      const std::vector<Oid>& below = relation.depends_on;
      const bool policy = relation.row_security && any_of(relation.policy_relations, read_);
      if (policy || any_of(below, read_)) grown |= read_.insert(oid).second;
      if (read_.contains(oid) || any_of(below, written_) || any_of(relation.children, written_))
        grown |= written_.insert(oid).second;
      if (!written_.contains(oid)) continue;
      for (const parser::ForeignKey& key : relation.foreign_keys) {
        if (key.writes()) grown |= written_.insert(key.target).second;
      }
    }
  }
}

bool RowCode::may_tell(const Relation& relation, Access access) const {
  if (read_.contains(relation.oid)) return true;
  if (access == Access::reads || !written_.contains(relation.oid)) return false;
  // A trigger may have put something else into the row.
  return access == Access::changes || !relation.trigger_functions.empty();
}

}  // namespace pgconsent::enforce
