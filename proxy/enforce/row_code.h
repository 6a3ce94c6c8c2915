// Expressions that PostgreSQL itself evaluates on unmasked rows: checks, generated columns, index and
// partition expressions, trigger conditions, policies. Where one fails its error may print what it has read.
#pragma once

#include <unordered_set>

#include "parser/catalog/snapshot.h"
#include "parser/reach/function_reach.h"
#include "rules/policy.h"

namespace pgconsent::enforce {

class RowCode {
 public:
  RowCode() = default;
  RowCode(const parser::Snapshot& catalog, const rules::Policy& policy,
          const parser::FunctionReach& functions);

  enum class Access {
    reads,
    adds,  // rows of the statement's own: none is there that it could not see
    changes,
  };
  bool may_tell(const parser::Relation& relation, Access access) const;
  // Of one that is rebuilt, validated or analysed.
  bool may_tell_of_rows(parser::Oid relation) const { return written_.contains(relation); }

 private:
  std::unordered_set<parser::Oid> read_, written_;
};

}  // namespace pgconsent::enforce
