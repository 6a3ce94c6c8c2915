// Which protected tables does code read? By the words of its text, and of the code and views that these name:
// rather a table too many than one too few. For the audit: nothing is decided by it. What is written in C is
// not seen into.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "parser/catalog/snapshot.h"
#include "parser/reach/function_reach.h"
#include "rules/policy.h"

namespace pgconsent::enforce {

struct ReadByCode {
  std::set<const rules::ProtectedRelation*> relations;
  std::set<std::string> columns, bases;  // of these, as AuditFacts has them: `basis` is what the caller says
  std::set<std::string> trusted;         // functions that the rules trust with it: their identities
};

class CodeReads {
 public:
  // `options`: of the FunctionReach in force. All of it outlives this.
  CodeReads(const parser::SnapshotPtr& catalog, const rules::Policy& policy,
            const parser::ReachOptions& options);

  // Functions; views; tables: what they run when they are written to.
  ReadByCode read(const std::vector<parser::Oid>& code, std::string_view basis) const;
  ReadByCode read_by_text(const std::string& text, std::string_view basis) const;

  // The reach as it would be if no function that reads protected tables were trusted; null: none is.
  const parser::FunctionReach* without_trust() const { return without_trust_.get(); }
  const std::vector<parser::Oid>& trusted_readers() const { return trusted_readers_; }

 private:
  class Walk;

  const parser::Snapshot& catalog_;
  const rules::Policy& policy_;
  std::unordered_multimap<std::string_view, const parser::Relation*> views_and_tables_;  // by name
  std::vector<const parser::Relation*> of_several_words_;  // those of them whose names are
  std::vector<parser::Oid> trusted_readers_;
  std::unique_ptr<parser::FunctionReach> without_trust_;
};

}  // namespace pgconsent::enforce
