// Who may change the session's state: independent of what is protected or trusted.
#include <unordered_set>

#include "parser/reach/closure.h"

namespace pgconsent::parser {

void ReachClosure::mark_stateful(const Function& function, std::vector<const Function*>& queue) {
  if (!out_.stateful_.insert(function.oid).second) return;
  out_.marked_calls_.insert(function.name);
  queue.push_back(&function);
}

void ReachClosure::close_state() {
  std::vector<const Function*> queue;
  std::vector<const Relation*> relations;
  auto mark_relations = [&](const auto& index, Oid used) {
    auto it = index.find(used);
    if (it == index.end()) return;
    for (const Relation* relation : it->second) {
      if (out_.stateful_relations_.insert(relation->oid).second) relations.push_back(relation);
    }
  };
  auto mark_bodies = [&](const Index& index, const std::string& name) {
    auto it = index.find(name);
    if (it == index.end()) return;
    for (const Function* user : it->second) mark_stateful(*user, queue);
  };

  for (const auto& [oid, function] : snapshot_.functions) {
    bool is_set_config = special_function(function) == SpecialFunction::set_config;
    bool is_user_defined = oid >= first_normal_oid && function.kind != 'a';
    bool is_opaque = is_user_defined && function.language != "sql" && function.language != "plpgsql" &&
                     !is_pure_native(function);
    if (is_set_config || is_opaque || body_stateful_.contains(oid)) mark_stateful(function, queue);
  }
  while (!queue.empty() || !relations.empty()) {
    if (!queue.empty()) {
      const Function& function = *queue.back();
      queue.pop_back();
      mark_bodies(called_in_, function.name);
      mark_relations(relations_depending_, function.oid);
      mark_relations(relations_running_, function.oid);
      if (auto it = functions_depending_.find(function.oid); it != functions_depending_.end()) {
        for (const Function* user : it->second) mark_stateful(*user, queue);
      }
      if (auto it = operators_running_.find(function.oid); it != operators_running_.end()) {
        for (const Operator* op : it->second) mark_bodies(operators_in_, op->name);
      }
    } else {
      const Relation& relation = *relations.back();
      relations.pop_back();
      mark_bodies(named_in_, relation.name);
      mark_relations(relations_depending_, relation.oid);
      if (auto it = functions_depending_.find(relation.oid); it != functions_depending_.end()) {
        for (const Function* user : it->second) mark_stateful(*user, queue);
      }
    }
  }
}

}  // namespace pgconsent::parser
