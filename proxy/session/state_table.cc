#include "proxy/session/state_table.h"

#include <utility>

namespace pgconsent::session {

namespace {

void append_part(std::string& key, std::string_view part) {
  key += std::to_string(part.size());
  key += ':';
  key += part;
}

std::string key_of(const enforce::SessionState& state) {
  std::string key;
  append_part(key, state.login_role);
  append_part(key, state.role);
  append_part(key, state.purpose);
  append_part(key, state.purpose_source);
  key += state.may_revert ? 'r' : '-';
  key += state.path_names_temporary ? 't' : '-';
  for (const auto& schema : state.search_path) append_part(key, schema);
  for (const auto& relation : state.temporary) {
    key += '|';
    key += std::to_string(relation.oid);
    key += relation.kind;
    key += relation.runs_code ? 'c' : '-';
    key += relation.is_child ? 'i' : '-';
    append_part(key, relation.name);
    for (const auto& column : relation.columns) append_part(key, column);
  }
  for (const auto& use : state.temporary_uses) {
    key += '>';
    key += std::to_string(static_cast<int>(use.kind));
    append_part(key, std::to_string(use.oid));
    append_part(key, use.relation);
  }
  return key;
}

}  // namespace

StateTable& StateTable::of_this_thread() {
  static thread_local StateTable table;
  return table;
}

StatePtr StateTable::intern(enforce::SessionState state) {
  if (state.private_catalog) {
    state.id = ++last_id_;
    return std::make_shared<const enforce::SessionState>(std::move(state));
  }
  auto key = key_of(state);
  if (const auto at = states_.find(key); at != states_.end()) return at->second;
  if (states_.size() >= max_states) {
    std::erase_if(states_, [](const auto& each) { return each.second.use_count() == 1; });
    if (states_.size() >= max_states) states_.clear();
  }
  state.id = ++last_id_;
  auto result = std::make_shared<const enforce::SessionState>(std::move(state));
  states_.insert_or_assign(std::move(key), result);
  return result;
}

}  // namespace pgconsent::session
