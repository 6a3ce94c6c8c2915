#include "parser/reach/row_tables.h"

#include <algorithm>

#include "parser/reach/row_use.h"
#include "parser/tree/scanner.h"

namespace pgconsent::parser {

namespace {

// But those of a trigger's columns.
std::vector<std::string> names_in(const std::vector<Token>& tokens) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool column =
        i > 1 && tokens[i - 1].symbol == '.' && (tokens[i - 2].text == "new" || tokens[i - 2].text == "old");
    if (!tokens[i].text.empty() && !column) names.push_back(tokens[i].text);
  }
  return names;
}

void add_relatives(const Snapshot& snapshot, std::unordered_set<Oid>& relations) {
  std::vector<Oid> queue(relations.begin(), relations.end());
  while (!queue.empty()) {
    const Relation* relation = snapshot.relation(queue.back());
    queue.pop_back();
    if (relation == nullptr) continue;
    for (const auto* others : {&relation->parents, &relation->children}) {
      for (Oid other : *others) {
        if (relations.insert(other).second) queue.push_back(other);
      }
    }
  }
}

}  // namespace

void RowTables::note(const Function& function) {
  noted_.insert(function.oid);
  if (function.kind == 'a' || function.language == "c" || function.language == "internal") return;
  const bool is_sql = function.language == "sql" || function.language == "plpgsql";
  const auto tokens = is_sql ? scan(function.body) : std::nullopt;
  if (!tokens) {
    any_ = true;
    return;
  }
  const RowUse use = find_row_use(function.body, *tokens);
  any_ |= use.runs_any;
  if (use.by_position) copying_.insert(function.oid);
  if (use.fills_own) filling_.insert(function.oid);
  if (use.fills_named) filling_named_.insert(function.oid);
  for (std::string& name : names_in(*tokens)) {
    if (use.fills_named) filled_names_.insert(name);
    if (use.fills_by_rows) filled_by_rows_.insert(name);
    names_.insert(std::move(name));
  }
}

RowTables::Found RowTables::find(const Snapshot& snapshot, const std::unordered_set<Oid>& held) const {
  Found found;
  const auto has = [](const std::vector<Oid>& triggers, const std::unordered_set<Oid>& functions) {
    return std::any_of(triggers.begin(), triggers.end(), [&](Oid oid) { return functions.contains(oid); });
  };
  for (const auto& [oid, relation] : snapshot.relations) {
    if (oid < first_user_oid) continue;
    const bool any = any_ && held.contains(oid);
    if (any || names_.contains(relation.name) || has(relation.trigger_functions, copying_) ||
        has(relation.transition_functions, noted_))
      found.copied.insert(oid);
    if (any || filled_names_.contains(relation.name) || has(relation.trigger_functions, filling_))
      found.filled.insert(oid);
    if (filled_by_rows_.contains(relation.name)) found.filled_by_rows.insert(oid);
  }
  for (const auto& [function, relation] : signatures_) {
    found.copied.insert(relation);
    if (filling_named_.contains(function)) found.filled.insert(relation);
  }
  for (auto* relations : {&found.copied, &found.filled, &found.filled_by_rows})
    add_relatives(snapshot, *relations);
  return found;
}

}  // namespace pgconsent::parser
