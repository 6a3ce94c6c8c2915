// A modification of a protected table: what stands for the references to its target, which rows it may find,
// and what must hold of a row before it is changed.
//
// Masked write-back: a protected cell of an existing row may be assigned where it may be read, or where its
// rule says `write: allow`. Changed subjects: a column that decides about subjects may be assigned where its
// value stays, or where no cell of the row (and of the rows whose subject it decides) is masked. Both are
// checked in the assignment itself, at the row that is changed and in the version that is changed.
#pragma once

#include <string>
#include <vector>

#include "parser/bind/binding.h"
#include "parser/bind/name_resolver.h"
#include "parser/edit/rewrite_target.h"
#include "proxy/enforce/derived_table.h"
#include "proxy/enforce/generation.h"
#include "proxy/enforce/guard.h"
#include "proxy/enforce/plan.h"

namespace pgconsent::enforce {

class TargetGuard {
 public:
  // All arguments outlive the guard. `table` was made for a target.
  TargetGuard(const Generation& generation, const rules::Purpose* purpose, const parser::RangeEntry& entry,
              const DerivedTable& table, const std::string& text, const parser::TokenIndex& tokens,
              const parser::NameResolver& names);

  // Adds to statement.write_refusals and .audit; `problem` says why the modification must be refused.
  parser::TargetReplacement run(const parser::Modification& modification, Statement& statement,
                                std::string& problem);

 private:
  std::string check(const parser::AssignmentList& update, const Node* modification, Statement& statement,
                    std::string& problem);
  std::vector<std::string> found_by_masked(const Node* modification, std::string& rule) const;
  std::string may_read(const rules::ProtectedColumn& column, std::string& rule) const;
  std::string may_write(const parser::Assignment& assignment, std::string& rule) const;
  std::string keeps_subject(const parser::Assignment& assignment, parser::AttrNumber attnum, bool upsert,
                            std::string& whose) const;
  std::string unchanged(const parser::Assignment& assignment, bool upsert) const;
  std::string steady_value(const Node* value, const parser::Column& column, bool upsert) const;
  bool is_own(const ColumnRef& reference, const parser::Column& column) const;
  std::string text_between(int first, int last) const;
  std::string built_in_type(const TypeName& type) const;
  std::string unmasked(const SubjectColumn& column) const;
  const rules::ProtectedColumn* rule_of(int column) const;
  void note_written(const parser::Modification& modification, Statement& statement) const;

  const Generation& generation_;
  const rules::Purpose* purpose_;
  const parser::RangeEntry& entry_;
  const DerivedTable& table_;
  const rules::ProtectedRelation& relation_;
  const std::string& text_;
  const parser::TokenIndex& tokens_;
  const parser::NameResolver& names_;
};

}  // namespace pgconsent::enforce
