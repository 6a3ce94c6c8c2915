// The edits in a modification whose target holds protected data. The target stays where it is, under a name
// that the client can't use; each reference to it becomes a guarded expression.
#pragma once

#include <string>
#include <vector>

#include "parser/bind/binding.h"
#include "parser/edit/result_names.h"
#include "parser/edit/splice.h"
#include "parser/edit/token_index.h"
#include "parser/names/generated_names.h"

namespace pgconsent::parser {

// For xmax of a protected row: who has locked it stays in it, be it in vain, and may have found it by a
// masked value.
inline constexpr std::string_view no_locker = "CAST('0' AS pg_catalog.xid)";

// What stands for the target of one Modification.
struct TargetReplacement {
  bool replaced = false;                          // false: the target stays as it is, nothing of it is masked
  std::vector<std::string> cells;                 // by index in Relation::columns: SQL over target_alias
  std::vector<bool> plain;                        // the cell is the column itself
  std::string filter;                             // of rows: goes to WHERE, or to MERGE's ON; may be empty
  std::vector<std::string_view> quiet_operators;  // of comparison_operators: sure to be built in
  std::string lookup, lookup_guard;  // for an index, and what must hold of what it finds before all else
  std::vector<std::string> checks;   // by index in Modification::updates: true or fails; may be empty
};

// The value that a column gets: an element of ROW(…) in SET (a, b) = ROW(…); else as in the tree.
const Node* assigned_value(const ResTarget* target);

// SET address.zip, SET tags[1]
bool is_part(const Assignment& assignment);
// SET (a, b) = …
bool is_multi(const Assignment& assignment);
// Which assignment of a list can carry its check? -1: none (DEFAULT only).
int check_carrier(const AssignmentList& list);
// WHERE CURRENT OF
bool is_at_cursor(const Node* statement);
// If none: can the WHERE of the statement? Costs the index.
bool where_carries(const Node* statement);

class TargetRewriter {
 public:
  TargetRewriter(const TokenIndex& tokens, const Binding& binding, Splicer& splicer, ResultNames& names)
      : tokens_(tokens), binding_(binding), splicer_(splicer), names_(names) {}

  // Empty, or why the text can't be edited. `targets` by index in Binding::modifications.
  std::string run(const std::vector<TargetReplacement>& targets);

 private:
  struct Target {
    const Modification* modification;
    const TargetReplacement* replacement;
  };

  bool rename(const RangeEntry& entry);
  bool arbiter(const Target& target);
  bool filter(const Target& target);
  std::string row_check(const Target& target) const;
  std::string assignment_check(const Target& target, std::size_t update) const;
  bool asserts_columns(const Target& target) const;
  bool check(const Target& target, std::size_t update, const std::string& condition);
  bool check(const Target& target, const Assignment& assignment, const std::string& condition);
  bool check_row(const MultiAssignRef* source, const Column& column, const std::string& check);
  bool check_sublink(const MultiAssignRef* source, const std::string& check);
  bool references();
  bool stars();
  const Target* target_of(int entry) const;
  const Relation& relation_of(const Target& target) const {
    return *binding_.entries[target.modification->entry].relation;
  }
  std::string cell_list(const Target& target, bool named) const;
  std::string whole_row(const Target& target) const;

  const TokenIndex& tokens_;
  const Binding& binding_;
  Splicer& splicer_;
  ResultNames& names_;
  std::vector<Target> targets_;
  std::string problem_;
};

}  // namespace pgconsent::parser
