// Fills a FunctionReach: what is dangerous by itself first, then whatever uses it, until nothing new comes
// up. Linear in the size of the catalog: everything is indexed by what it uses.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "parser/reach/body_scan.h"
#include "parser/reach/function_reach.h"

namespace pgconsent::parser {

class ReachClosure {
 public:
  ReachClosure(const Snapshot& snapshot, const ReachOptions& options, FunctionReach& out)
      : snapshot_(snapshot), options_(options), out_(out), writes_(out.writes_) {}
  void run();

 private:
  using Users = std::vector<const Function*>;
  using Index = std::unordered_map<std::string, Users>;
  // Who uses something: by calling, by reading or writing, by being run.
  struct Reached {
    std::unordered_set<Oid> functions, relations;
    bool unseen = false;  // by an operator, a cast or a type's own code: no name says so
  };

  void index_relations();
  void index_functions();
  void index_body(const Function& function, BodyFacts facts);
  void seed_relations();
  void seed_functions();
  void seed_unwritable();
  void seed_unchangeable();
  void judge_builtin(const Function& function);
  void judge_user_function(const Function& function);
  void drain();

  // Each does nothing when it is known already.
  void mark(const Relation& relation, RelationReach reach, std::string reason);
  void mark(const Function& function, std::string reason);
  void mark_type(Oid type);

  void spread(const Relation& relation);
  void spread(const Function& function);
  void spread_from_inside(const Function& function);
  void spread_to_code(const Function& function, const std::string& reason);
  void spread_to_users(Oid oid, const std::string& reason);
  void spread_to_bodies(const Index& index, const std::string& name, const std::string& reason,
                        bool writers_only);
  void relation_is_bad(const Relation& relation, const std::string& reason);
  void type_is_bad(const Type& type, const std::string& reason);
  void write_is_bad(const Relation& relation);
  void forbid_writing(const Relation& relation, const std::string& reason);

  void close_state();
  void add_users(const std::vector<const Function*>& functions, Reached& out) const;
  void add_bodies(const Index& index, const std::string& name, Reached& out,
                  std::vector<const Function*>& queue) const;
  void find_row_errors();
  bool forbid_row_errors();
  class RowCode;
  void follow_row_code();

  const Snapshot& snapshot_;
  const ReachOptions& options_;
  FunctionReach& out_;
  const WriteGraph& writes_;

  // Who uses what.
  std::unordered_map<Oid, std::vector<const Relation*>> relations_depending_, relations_running_,
      relations_guarded_;
  std::unordered_map<Oid, Users> functions_depending_, functions_taking_;
  std::unordered_map<Oid, std::vector<Oid>> types_running_, types_over_;
  std::unordered_map<Oid, std::vector<const Operator*>> operators_running_;
  std::unordered_map<Oid, std::vector<const Cast*>> casts_running_;
  std::unordered_map<Oid, std::vector<const Relation*>> relations_with_type_;
  Index named_in_, read_in_, called_in_, operators_in_, changed_in_;  // by name: bodies that may use it
  std::unordered_set<Oid> writers_, body_stateful_, tellers_;
  std::unordered_map<Oid, std::string> body_dangers_;

  std::deque<const Relation*> new_relations_;
  std::deque<const Function*> new_functions_;
};

// "schema.name" in backticks, for reasons.
std::string spell(const Relation& relation);
// How bodies may write it: see BodyFacts::relations.
std::array<std::string, 2> spellings(const Relation& relation);

}  // namespace pgconsent::parser
