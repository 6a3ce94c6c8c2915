// Who may change the session's state: independent of what is protected or trusted.
#include <unordered_set>

#include "parser/reach/closure.h"

namespace pgconsent::parser {

void ReachClosure::add_bodies(const Index& index, const std::string& name, Reached& out,
                              std::vector<const Function*>& queue) const {
  const auto it = index.find(name);
  if (it == index.end()) return;
  for (const Function* user : it->second) {
    if (out.functions.insert(user->oid).second) queue.push_back(user);
  }
}

// The functions themselves, and whatever runs them.
void ReachClosure::add_users(const std::vector<const Function*>& functions, Reached& out) const {
  std::vector<const Function*> queue;
  std::vector<const Relation*> relations;
  const auto add = [&](const Function* function) {
    if (out.functions.insert(function->oid).second) queue.push_back(function);
  };
  const auto add_functions = [&](Oid used) {
    const auto it = functions_depending_.find(used);
    if (it == functions_depending_.end()) return;
    for (const Function* user : it->second) add(user);
  };
  const auto add_relations = [&](const auto& index, Oid used) {
    const auto it = index.find(used);
    if (it == index.end()) return;
    for (const Relation* relation : it->second) {
      if (out.relations.insert(relation->oid).second) relations.push_back(relation);
    }
  };
  for (const Function* function : functions) add(function);
  while (!queue.empty() || !relations.empty()) {
    if (!queue.empty()) {
      const Function& function = *queue.back();
      queue.pop_back();
      add_bodies(called_in_, function.name, out, queue);
      add_relations(relations_depending_, function.oid);
      add_relations(relations_running_, function.oid);
      add_relations(relations_guarded_, function.oid);
      add_functions(function.oid);
      out.unseen |= types_running_.contains(function.oid) || casts_running_.contains(function.oid);
      if (auto it = operators_running_.find(function.oid); it != operators_running_.end()) {
        out.unseen = true;
        for (const Operator* op : it->second) add_bodies(operators_in_, op->name, out, queue);
      }
    } else {
      const Relation& relation = *relations.back();
      relations.pop_back();
      add_bodies(named_in_, relation.name, out, queue);
      add_relations(relations_depending_, relation.oid);
      add_functions(relation.oid);
    }
  }
}

void ReachClosure::close_state() {
  std::vector<const Function*> opaque, readable;
  for (const auto& [oid, function] : snapshot_.functions) {
    bool is_set_config = special_function(function) == SpecialFunction::set_config;
    bool is_user_defined = oid >= first_user_oid && function.kind != 'a';
    bool is_opaque = is_user_defined && function.language != "sql" && function.language != "plpgsql" &&
                     !is_pure_native(function);
    if (is_set_config || body_stateful_.contains(oid)) {
      readable.push_back(&function);
    } else if (is_opaque) {
      opaque.push_back(&function);
    }
  }
  Reached reached;
  add_users(readable, reached);
  // What can't be seen into and is trusted to be an operator or a type's code is trusted that far.
  out_.unseen_state_ = reached.unseen;
  add_users(opaque, reached);
  for (Oid oid : reached.functions) out_.marked_calls_.insert(snapshot_.function(oid)->name);
  out_.stateful_ = std::move(reached.functions);
  for (Oid oid : reached.relations) {
    for (Oid writer : writes_.writers_of(oid)) out_.stateful_relations_.insert(writer);
  }
}

}  // namespace pgconsent::parser
