#include "parser/reach/row_tables.h"

#include <algorithm>

#include "parser/names/ascii.h"
#include "parser/reach/row_use.h"
#include "parser/reach/words.h"
#include "parser/tree/scanner.h"

namespace pgconsent::parser {

namespace {

bool has_columns(const Relation& relation) {
  return relation.oid >= first_user_oid &&
         (holds_rows(relation.kind) || relation.kind == RelationKind::composite_type);
}

void add_reached(const std::unordered_map<Oid, std::vector<Oid>>& calls, std::unordered_set<Oid>& functions) {
  std::vector<Oid> queue(functions.begin(), functions.end());
  while (!queue.empty()) {
    const auto next = calls.find(queue.back());
    queue.pop_back();
    if (next == calls.end()) continue;
    for (Oid function : next->second) {
      if (functions.insert(function).second) queue.push_back(function);
    }
  }
}

}  // namespace

void RowTables::index(const Snapshot& snapshot) {
  for (const auto& [oid, relation] : snapshot.relations) {
    if (has_columns(relation)) by_name_[relation.name].push_back(&relation);
  }
}

void RowTables::note(const Snapshot& snapshot, const Function& function) {
  if (by_name_.empty()) index(snapshot);
  noted_.insert(function.oid);
  if (function.kind == 'a' || function.language == "c" || function.language == "internal") return;
  const bool is_sql = function.language == "sql" || function.language == "plpgsql";
  const auto tokens = is_sql ? scan(function.body) : std::nullopt;
  if (!tokens) {
    dynamic_.insert(function.oid);
    return;
  }
  const BodyConstants constants = find_constants(function.body, *tokens);
  Body body{function.oid, {constants.words.begin(), constants.words.end()}, constants.unreadable};
  for (const Token& token : *tokens) {
    for_each_word(token.text, [&](std::string word) { body.words.insert(std::move(word)); });
    all_ |= token.kind == TokenKind::unicode_identifier;
  }
  if (takes_whole_rows(function.body, *tokens)) taking_rows_.insert(function.oid);
  constants_.insert(constants.words.begin(), constants.words.end());
  parts_of_[function.oid] = constants.parts;
  if (constants.runs_sql) {
    dynamic_.insert(function.oid);
    all_ |= constants.unreadable;
  }
  for (const NamedTable& table : find_tables(function.body, *tokens, by_name_)) {
    naming_[table.relation->oid].push_back(bodies_.size());
    if (table.whole) add_whole(table.relation->oid);
    if (!table.has_schema) without_schema_.push_back({function.oid, table.relation});
  }
  body_of_.emplace(function.oid, bodies_.size());
  bodies_.push_back(std::move(body));
}

void RowTables::add_call(Oid caller, Oid callee) {
  callers_[callee].push_back(caller);
  callees_[caller].push_back(callee);
}

// What it calls, or what calls it, may make names; its own table's is one.
void RowTables::find_parts(const Snapshot& snapshot) {
  Oids makers = dynamic_;
  add_reached(callees_, makers);
  for (Oid function : makers) {
    if (auto parts = parts_of_.find(function); parts != parts_of_.end())
      parts_.insert(parts->second.begin(), parts->second.end());
  }
  for (const auto& [oid, relation] : snapshot.relations) {
    if (!runs_any(relation, dynamic_)) continue;
    parts_.insert(lower(relation.name));
    for_each_word(relation.trigger_arguments, [&](std::string word) { parts_.insert(std::move(word)); });
  }
}

void RowTables::finish(const Snapshot& snapshot) {
  add_reached(callers_, dynamic_);  // what calls it may hand over names
  find_parts(snapshot);
  for (const auto& [oid, relation] : snapshot.relations) {
    if (!runs_any(relation, noted_)) continue;
    if (runs_any(relation, dynamic_)) add_whole(oid);
    for (Oid function : relation.trigger_functions) {
      if (taking_rows_.contains(function)) add_whole(oid);
      if (auto body = body_of_.find(function); body != body_of_.end()) naming_[oid].push_back(body->second);
    }
    for (Oid function : relation.transition_functions) {
      if (noted_.contains(function)) add_whole(oid);
    }
    for_each_word(relation.trigger_arguments, [&](std::string word) { constants_.insert(std::move(word)); });
  }
  for (const auto& [name, relations] : by_name_) {
    if (!may_run_over(name)) continue;
    for (const Relation* relation : relations) add_whole(relation->oid);
  }
}

bool RowTables::may_run_over(std::string_view name) const {
  return !dynamic_.empty() && (holds_words(constants_, name) ||
                               std::any_of(parts_.begin(), parts_.end(),
                                           [&](const std::string& part) { return may_hold(name, part); }));
}

// In its triggers.
bool RowTables::runs_any(const Relation& relation, const Oids& functions) {
  return std::any_of(relation.trigger_functions.begin(), relation.trigger_functions.end(),
                     [&](Oid function) { return functions.contains(function); });
}

bool RowTables::changes(const Relation& relation, std::string_view column) const {
  if (whole_.contains(relation.oid)) return true;
  std::unordered_set<std::string> arguments;
  for_each_word(relation.trigger_arguments, [&](std::string word) { arguments.insert(std::move(word)); });
  if (runs_any(relation, noted_) && holds_words(arguments, column)) return true;
  const auto naming = naming_.find(relation.oid);
  return naming != naming_.end() &&
         std::any_of(naming->second.begin(), naming->second.end(), [&](std::size_t body) {
           return bodies_[body].any_word || holds_words(bodies_[body].words, column);
         });
}

// Rows of children are their parents', and the other way round.
bool RowTables::changes_meaning(const Snapshot& snapshot, Oid oid, std::string_view column) const {
  if (all_) return true;
  std::vector<Oid> queue = {oid};
  Oids seen = {oid};
  while (!queue.empty()) {
    const Relation* relation = snapshot.relation(queue.back());
    queue.pop_back();
    if (relation == nullptr) continue;
    if (changes(*relation, column)) return true;
    for (const auto* others : {&relation->parents, &relation->children}) {
      for (Oid other : *others) {
        if (seen.insert(other).second) queue.push_back(other);
      }
    }
  }
  return false;
}

}  // namespace pgconsent::parser
