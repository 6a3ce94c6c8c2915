#include "parser/reach/function_reach.h"

#include <algorithm>

#include "parser/reach/body_scan.h"
#include "parser/reach/closure.h"

namespace pgconsent::parser {

FunctionReach::FunctionReach(SnapshotPtr snapshot, const ReachOptions& options)
    : snapshot_(std::move(snapshot)), writes_(*snapshot_) {
  ReachClosure(*snapshot_, options, *this).run();
}

FunctionReach::~FunctionReach() = default;

bool FunctionReach::is_dangerous(Oid function) const {
  return dangerous_.contains(function) || snapshot_->function(function) == nullptr;
}

std::string FunctionReach::reason(Oid function) const {
  const Function* known = snapshot_->function(function);
  if (known == nullptr) return "a function that is not in the catalog snapshot";
  auto it = dangerous_.find(function);
  return it == dangerous_.end() ? std::string() : "`" + known->identity + "` " + it->second;
}

SpecialFunction FunctionReach::special(Oid function) const {
  auto it = special_.find(function);
  return it == special_.end() ? SpecialFunction::none : it->second;
}

bool FunctionReach::may_change_state(Oid function) const {
  return stateful_.contains(function) || snapshot_->function(function) == nullptr;
}

bool FunctionReach::cast_is_dangerous(Oid source, Oid target) const {
  return std::any_of(bad_casts_.begin(), bad_casts_.end(), [&](const Cast& cast) {
    return (source == 0 || cast.source == source) && (target == 0 || cast.target == target);
  });
}

bool FunctionReach::type_is_dangerous(Oid type) const {
  if (type < first_user_oid) return false;
  return bad_types_.contains(type) || !snapshot_->types.contains(type);
}

RelationReach FunctionReach::reaches_protected(Oid relation) const {
  auto it = relations_.find(relation);
  if (it != relations_.end()) return it->second;
  return snapshot_->relation(relation) == nullptr ? RelationReach::opaque : RelationReach::none;
}

std::string FunctionReach::relation_reason(Oid relation) const {
  const Relation* known = snapshot_->relation(relation);
  if (known == nullptr) return "a relation that is not in the catalog snapshot";
  auto it = relation_reasons_.find(relation);
  if (it == relation_reasons_.end()) return {};
  return "`" + known->schema + "." + known->name + "` " + it->second;
}

std::string FunctionReach::judge_body(std::string_view language, const std::string& body) const {
  if (language != "sql" && language != "plpgsql") return "is written in " + std::string(language);
  BodyFacts facts = scan_body(language, body);
  if (facts.danger) return *facts.danger;
  for (const std::string& name : facts.relations) {
    if (auto it = bad_relations_.find(name); it != bad_relations_.end()) return it->second;
    if (facts.writes && bad_write_names_.contains(name))
      return "writes to `" + name + "`, which runs dangerous code";
  }
  for (const std::string& name : facts.names) {
    if (auto it = bad_type_names_.find(name); it != bad_type_names_.end()) return it->second;
  }
  for (const std::string& name : facts.made) {
    if (names_for_rows(name))
      return "may make a table `" + name + "`, which code on protected rows names without its schema";
  }
  for (const std::string& name : facts.changes) {
    if (bad_change_names_.contains(name)) return "changes `" + name + "`, and protected rows with it";
  }
  for (const std::string& name : facts.calls) {
    // set_config with a constant name is judged by the scan.
    if (bad_calls_.contains(name) || (unsafe_inside_.contains(name) && name != "set_config"))
      return "may call `" + name + "`";
  }
  for (const std::string& name : facts.operators) {
    if (bad_operators_.contains(name)) return "uses the operator `" + name + "`";
  }
  return {};
}

}  // namespace pgconsent::parser
