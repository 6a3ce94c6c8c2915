// Which columns of a protected table everybody may read, and which expressions name no others.
#pragma once

#include <set>
#include <string_view>

#include "parser/tree/server_nodes.h"
#include "rules/policy.h"

namespace pgconsent::enforce {

class PublicColumns {
 public:
  explicit PublicColumns(const rules::ProtectedRelation& relation)
      : relation_(relation), hides_rows_(relation.hides_rows()) {}

  // A column that the statement adds.
  void add(std::string_view name) { added_.insert(name); }

  const rules::ProtectedColumn* find(std::string_view name) const;
  // Of a hidden row nothing is: a constraint that it does not fit would tell of it.
  bool is_public(std::string_view name) const;
  // Over public columns only; a whole row is none. NULL stays NULL under most masks.
  bool is_public(const Node* expression) const;
  // Which cells are NULL shows through the mask in any case.
  bool keeps_null(std::string_view name) const;

 private:
  const rules::ProtectedRelation& relation_;
  const bool hides_rows_;
  std::set<std::string_view> added_;
};

}  // namespace pgconsent::enforce
