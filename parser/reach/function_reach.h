// Which functions, operators, casts and types are dangerous, and which relations lead to protected data:
// computed once from a catalog snapshot and the set of protected relations, then immutable and shared between
// threads.
//
// The application's expressions only see masked rows, so a function is dangerous only if it reads relations,
// files, statistics or other sessions by itself. What can't be seen into is dangerous unless the rules trust
// it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "parser/catalog/snapshot.h"
#include "parser/catalog/write_graph.h"
#include "parser/reach/builtin_lists.h"
#include "parser/reach/row_tables.h"

namespace pgconsent::parser {

enum class RelationReach {
  none,              // leads to nothing protected
  protected_itself,  // has rules
  view,              // shows protected data: to be expanded, its parts judged in turn
  opaque,            // shows protected data and can't be seen through: refuse
  denied_catalog,    // refuse
  blank_columns,     // may be read but for some columns (builtin_lists.h)
};

struct ReachOptions {
  std::unordered_set<Oid> protected_relations;  // Policy::relations: children and partitions included
  std::unordered_set<Oid> denied_relations;     // e.g. pgconsent's own views
  std::unordered_set<Oid>
      orphaned_relations;  // were protected until a rename took them out of the rules' reach
  std::unordered_set<Oid> deciding_relations;    // consent, or a condition of the rules, is read from them
  std::vector<std::string> conditions;           // of the rules, as SQL
  std::unordered_set<Oid> unwritable_relations;  // no body may write them: subjects change
  // No body may write what writes to these: their triggers see raw rows, and nobody vouches for them.
  std::unordered_set<Oid> untrusted_relations;
  // Does a column (0: any of them) of a protected relation hold what some purpose does not see?
  std::function<bool(Oid relation, AttrNumber column)> is_masked = [](Oid, AttrNumber) { return true; };
  std::unordered_set<Oid> trusted_functions, refused_functions;  // refused wins
};

class FunctionReach {
 public:
  FunctionReach(SnapshotPtr snapshot, const ReachOptions& options);
  ~FunctionReach();
  FunctionReach(const FunctionReach&) = delete;
  FunctionReach& operator=(const FunctionReach&) = delete;

  // By OID. A function that the snapshot does not know is dangerous.
  bool is_dangerous(Oid function) const;
  // For a refusal's DETAIL: `public.f(integer)` runs dynamic SQL (EXECUTE). Empty when not dangerous.
  std::string reason(Oid function) const;
  SpecialFunction special(Oid function) const;
  // May a call change the search path, the role, settings or temporary objects of the session?
  bool may_change_state(Oid function) const;

  // May an operator, a cast or a type do so, which no call names?
  bool unseen_may_change_state() const { return unseen_state_; }

  // By name: is any function of that name, in any schema, dangerous? A quick first question; most names are
  // not.
  bool any_dangerous(std::string_view function_name) const { return bad_calls_.contains(function_name); }
  bool any_special_or_stateful(std::string_view function_name) const {
    return marked_calls_.contains(function_name);
  }

  // Of a built-in function that may not be called from inside an object, whatever its arguments.
  bool any_unsafe_inside(std::string_view function_name) const {
    return unsafe_inside_.contains(function_name);
  }

  // Any user-defined operator of that name: its function or one of its estimators.
  bool operator_is_dangerous(std::string_view name) const { return bad_operators_.contains(name); }
  // Types are OIDs; 0 stands for any type. Is there a dangerous cast that applies without its type being
  // named?
  bool cast_is_dangerous(Oid source, Oid target) const;
  bool unseen_cast_is_dangerous() const { return unseen_cast_; }
  // A domain whose checks, or a type whose input and output functions, are dangerous; arrays and rows of
  // them.
  bool type_is_dangerous(Oid type) const;
  bool any_type_is_dangerous(std::string_view name) const { return bad_types_by_name_.contains(name); }

  RelationReach reaches_protected(Oid relation) const;  // not in the snapshot: opaque
  // Functions that code on unmasked rows calls by these names: a trigger of a protected table. Who defines
  // one of them, in any schema, is handed these rows.
  bool runs_on_rows(std::string_view function_name) const { return row_calls_.contains(function_name); }
  // Relations and types that it names without their schema, or with one in which they are not: who makes one
  // of that name where it is found first (a temporary one) is handed these rows, too.
  bool names_for_rows(std::string_view name) const {
    return row_relations_.contains(name) || row_tables_.may_run_over(name);
  }
  // Or with their schema; or conditions of the rules do.
  bool row_code_names(std::string_view name) const {
    return row_names_.contains(name) || names_for_rows(name) || row_names_all_;
  }
  // Does it look for anything in a schema of this name, which is not there?
  bool row_code_looks_into(std::string_view schema) const { return row_schemas_.contains(schema); }
  // Would a column of this name that comes, goes, is renamed or gets another type mean something else to it?
  bool changes_meaning(Oid relation, std::string_view column) const {
    return row_tables_.changes_meaning(*snapshot_, relation, column);
  }
  // Tables that a function of it names without schema.
  const std::vector<RowTables::Name>& names_without_schema() const { return row_tables_.without_schema(); }
  // Is consent, or a condition of the rules, read from it, if only through views?
  bool decides(Oid relation) const { return deciding_.contains(relation); }
  // Or does code on unmasked rows, or what decides, read it or call what does?
  bool is_read_for_rows(Oid relation) const { return row_reads_.contains(relation); }
  // Do code on unmasked rows or what decides search in texts; convert to the type; have constants of it?
  bool row_code_searches() const { return row_code_searches_; }
  bool is_row_type(Oid type) const { return row_types_.contains(type); }
  bool is_row_constant(Oid type) const { return row_constants_.contains(type); }
  // An error inside a function of this name may hold a raw value; so may what it raises itself.
  bool errors_may_tell(std::string_view function_name) const {
    return row_code_.contains(function_name) || bad_calls_.contains(function_name);
  }
  bool messages_may_tell(std::string_view function_name) const { return telling_.contains(function_name); }

  // PostgreSQL itself evaluates expressions on unmasked rows: checks, generated columns, index and partition
  // expressions, trigger conditions, policies. Where one fails its error may print what it has read.
  bool reading_may_fail_on_rows(Oid relation) const { return error_reads_.contains(relation); }
  bool writing_may_fail_on_rows(Oid relation) const { return error_writes_.contains(relation); }
  bool names_what_may_fail_on_rows(std::string_view relation) const {
    return error_read_names_.contains(relation);
  }
  // Relations of this name that code may not write to: views and rules may not stand for them either.
  bool names_what_code_may_not_write(std::string_view relation) const {
    return bad_write_names_.contains(relation) || bad_change_names_.contains(relation);
  }

  bool names_what_is_dangerous_to_write(std::string_view relation) const {
    return bad_write_code_names_.contains(relation);
  }

  const WriteGraph& writes() const { return writes_; }
  // Is it protected, or are protected relations written with it?
  bool writing_reaches_protected(Oid relation) const { return written_through_.contains(relation); }

  // Why it is opaque or denied, for DETAIL; empty otherwise.
  std::string relation_reason(Oid relation) const;
  // Writing to it runs triggers, defaults, checks or rules that call dangerous functions.
  bool write_is_dangerous(Oid relation) const { return bad_writes_.contains(relation); }
  // Reading or writing it may call functions that change the session's state (a view, a trigger).
  bool relation_may_change_state(Oid relation) const { return stateful_relations_.contains(relation); }

  // The body of a function that is not in the catalog yet, or of a DO block: why it is dangerous, or empty.
  std::string judge_body(std::string_view language, const std::string& body) const;

 private:
  friend class ReachClosure;
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <class Value>
  using ByName = std::unordered_map<std::string, Value, NameHash, std::equal_to<>>;
  using Names = std::unordered_set<std::string, NameHash, std::equal_to<>>;

  const SnapshotPtr snapshot_;
  const WriteGraph writes_;
  std::unordered_map<Oid, std::string> dangerous_;  // function -> predicate: "reads `public.users`"
  std::unordered_map<Oid, SpecialFunction> special_;
  std::unordered_set<Oid> stateful_;  // functions
  bool unseen_state_ = false;
  std::unordered_map<Oid, RelationReach> relations_;  // all but none
  std::unordered_map<Oid, std::string> relation_reasons_;
  std::unordered_set<Oid> bad_writes_, stateful_relations_;
  std::unordered_set<Oid> bad_types_;
  std::vector<Cast> bad_casts_;
  bool unseen_cast_ = false;
  // That no function body may name -> what they are. Relations by their names, and with their schemas.
  ByName<std::string> bad_relations_, bad_type_names_;
  Names bad_calls_, marked_calls_, unsafe_inside_, bad_operators_, bad_types_by_name_;
  Names row_code_, row_calls_, row_relations_, row_names_, row_schemas_, telling_;
  bool row_names_all_ = false;  // some are written in a way that is not read here
  bool row_code_searches_ = false;
  std::unordered_set<Oid> deciding_, row_reads_, row_types_, row_constants_;
  RowTables row_tables_;
  Names bad_write_names_;   // relations that a body which writes may not name
  Names bad_change_names_;  // nor one that changes rows
  Names bad_write_code_names_;
  std::unordered_set<Oid> error_reads_, error_writes_, written_through_;
  Names error_read_names_;
};

}  // namespace pgconsent::parser
