// Which columns decide about the subjects of protected rows: the subject keys, the foreign keys on the way to
// them, and what ON UPDATE CASCADE copies into those. Of protected and of other relations.
#pragma once

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

class SubjectColumns {
 public:
  // Both outlive the value.
  SubjectColumns(const parser::Snapshot& catalog, const rules::Policy& policy);

  const std::vector<SubjectColumn>& of(parser::Oid relation) const;
  // Deleting its rows gives other rows another subject (ON DELETE SET DEFAULT).
  bool delete_changes_subjects(parser::Oid relation) const { return deletes_.contains(relation); }

 private:
  void add_path(const rules::ProtectedRelation& relation, const rules::SubjectPath& path);
  void add(parser::Oid relation, SubjectColumn column);
  void add_cascades(const parser::Relation& relation);
  void add_relatives(const parser::Relation& relation);
  void add_deletes();
  bool decides(parser::Oid relation, parser::AttrNumber attnum) const;

  const parser::Snapshot& catalog_;
  std::unordered_map<parser::Oid, std::vector<SubjectColumn>> columns_;
  std::unordered_set<parser::Oid> deletes_;
  bool grown_ = false;
};

}  // namespace pgconsent::enforce
