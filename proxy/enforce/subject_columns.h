// Which columns decide about the subjects of protected rows: the subject keys, the foreign keys on the way to
// them, what ON UPDATE CASCADE copies into those, and what generated ones are computed from. Of protected and
// of other relations.
#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "parser/catalog/snapshot.h"
#include "rules/policy.h"

namespace pgconsent::enforce {

struct SubjectColumn {
  parser::AttrNumber attnum = 0;
  const rules::ProtectedRelation* of = nullptr;  // whose rows' subject it decides about
  rules::SubjectPath path;                       // from the column's relation to the subject's key
  bool known = true;  // false: the path can't be followed from here; no row may be told unmasked
};

// Rows of `of` may name a row of a relation that is not there: one that takes its place decides whose they
// are.
struct SubjectGap {
  const rules::ProtectedRelation* of = nullptr;
  parser::Oid hop = 0;  // the relation that the path leads over
  rules::SubjectPath::Hop::Gap lasts = rules::SubjectPath::Hop::Gap::always;
  bool operator==(const SubjectGap&) const = default;
};

// Does what some purpose may see depend on the subject's own row: flags, its regime, conditions? Records that
// follow it are as good as on it.
bool reads_own_row(const rules::Policy& policy, const rules::SubjectKind& kind);

class SubjectColumns {
 public:
  // Catalog and policy outlive the value. `read`: what conditions read beside the rows.
  SubjectColumns(const parser::Snapshot& catalog, const rules::Policy& policy,
                 const std::set<parser::Oid>& read);

  const std::vector<SubjectColumn>& of(parser::Oid relation) const;
  bool decides(parser::Oid relation, parser::AttrNumber attnum) const;
  // Deleting its rows gives other rows another subject (ON DELETE SET DEFAULT).
  bool delete_changes_subjects(parser::Oid relation) const { return deletes_.contains(relation); }
  // Relation to columns: of all relations that have some.
  const std::unordered_map<parser::Oid, std::vector<SubjectColumn>>& all() const { return columns_; }
  // Those that its new rows could fill (always), or that deleting its rows leaves (transaction, statement).
  const std::vector<SubjectGap>& gaps(parser::Oid relation) const;

 private:
  void add_path(const rules::ProtectedRelation& relation, const rules::SubjectPath& path);
  void add_own_row(const rules::ProtectedRelation& relation, parser::Oid at, const rules::SubjectPath& path);
  void add(parser::Oid relation, SubjectColumn column);
  void add_cascades(const parser::Relation& relation);
  void add_generated(const parser::Relation& relation);
  void add_relatives(const parser::Relation& relation);
  void add_deletes();
  void add_gap(parser::Oid relation, const SubjectGap& gap);
  void add_gap_relatives();

  const parser::Snapshot& catalog_;
  const rules::Policy& policy_;
  std::set<std::string> by_own_row_;  // kinds of subjects whose own row decides
  std::unordered_map<parser::Oid, std::vector<SubjectColumn>> columns_;
  std::unordered_set<parser::Oid> deletes_;
  std::unordered_map<parser::Oid, std::vector<SubjectGap>> gaps_;
  bool grown_ = false;
};

}  // namespace pgconsent::enforce
