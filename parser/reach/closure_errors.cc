// Errors that may print what PostgreSQL's own evaluation of checks, policies and the like has read from
// unmasked rows, or the rows that follow a write. What reaches the client can be withheld; what code catches
// becomes a value: code may not meet them. Policies count whether or not row security is enabled: the table's
// owner may enable it.
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
  const auto is_protected = [&](Oid used) { return out_.reaches_protected(used) != RelationReach::none; };
  for (const auto& [oid, relation] : snapshot_.relations) {
    const auto& in_policies = relation.policy_relations;
    if (is_masked(relation, relation.policy_columns) ||
        std::any_of(in_policies.begin(), in_policies.end(), is_protected))
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
      if (any(relation.depends_on) || any(relation.policy_relations)) grown |= reads.insert(oid).second;
    }
  }
  for (Oid oid : std::vector<Oid>(reads.begin(), reads.end())) {
    for (Oid writer : writes_.writers_of(oid)) writes.insert(writer);
  }
}

// False: there was no more to say.
bool ReachClosure::forbid_row_errors() {
  const std::size_t before = out_.bad_relations_.size();
  for (Oid oid : out_.error_reads_) {
    const Relation& relation = *snapshot_.relation(oid);
    out_.error_read_names_.insert(relation.name);
    relation_is_bad(relation, "reads " + spell(relation) + ", whose policies read protected rows");
  }
  return out_.bad_relations_.size() != before;
}

// Foreign keys and the like carry the change on to protected rows.
void ReachClosure::seed_unchangeable() {
  for (Oid oid : options_.protected_relations) {
    for (Oid writer : writes_.writers_of(oid)) {
      out_.written_through_.insert(writer);
      const Relation* relation = snapshot_.relation(writer);
      if (relation == nullptr) continue;
      for (const std::string& name : spellings(*relation)) {
        if (out_.bad_change_names_.insert(name).second)
          spread_to_bodies(changed_in_, name, "changes " + spell(*relation) + ", and protected rows with it",
                           false);
      }
    }
  }
}

}  // namespace pgconsent::parser
