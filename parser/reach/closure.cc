#include "parser/reach/closure.h"

#include <algorithm>
#include <utility>

namespace pgconsent::parser {

namespace {

bool has_readable_body(const Function& function) {
  return function.language == "sql" || function.language == "plpgsql";
}

}  // namespace

std::string spell(const Relation& relation) {
  return "`" + relation.schema + "." + relation.name + "`";
}

void ReachClosure::run() {
  index_relations();
  index_functions();
  seed_relations();
  seed_functions();
  for (const auto& [oid, special] : out_.special_) {
    if (is_unsafe_inside(special)) spread_from_inside(*snapshot_.function(oid));
  }
  seed_unwritable();
  seed_unchangeable();
  do {
    drain();
    find_row_errors();
  } while (forbid_row_errors());
  close_state();
  follow_row_code();
}

void ReachClosure::index_relations() {
  for (const auto& [oid, relation] : snapshot_.relations) {
    for (Oid used : relation.depends_on) relations_depending_[used].push_back(&relation);
    if (relation.oid < first_user_oid) continue;
    for (Oid used : relation.trigger_functions) relations_running_[used].push_back(&relation);
    for (Oid used : relation.implicit_functions) relations_running_[used].push_back(&relation);
    for (Oid used : relation.policy_functions) relations_guarded_[used].push_back(&relation);
    for (const Column& column : relation.columns) {
      if (column.type >= first_user_oid) relations_with_type_[column.type].push_back(&relation);
    }
  }
  for (const auto& [oid, type] : snapshot_.types) {
    for (Oid used : type.functions) types_running_[used].push_back(oid);
    if (type.base >= first_user_oid) types_over_[type.base].push_back(oid);
  }
  for (const auto& [oid, type] : snapshot_.types) {
    const Relation* row = type.relation == 0 ? nullptr : snapshot_.relation(type.relation);
    if (row == nullptr) continue;
    for (const Column& column : row->columns) {
      if (column.type >= first_user_oid) types_over_[column.type].push_back(oid);
    }
  }
  for (const Operator& op : snapshot_.operators) {
    for (Oid used : {op.function, op.restrict_estimator, op.join_estimator})
      operators_running_[used].push_back(&op);
  }
  for (const Cast& cast : snapshot_.casts) casts_running_[cast.function].push_back(&cast);
}

void ReachClosure::index_functions() {
  for (const auto& [oid, function] : snapshot_.functions) {
    for (Oid used : function.depends_on) functions_depending_[used].push_back(&function);
    for (Oid type : function.argument_types) {
      if (type >= first_user_oid) functions_taking_[type].push_back(&function);
    }
    if (oid < first_user_oid || !has_readable_body(function) || function.kind == 'a') continue;
    index_body(function, scan_body(function.language, function.body));
  }
}

void ReachClosure::index_body(const Function& function, BodyFacts facts) {
  for (std::string& name : facts.names) named_in_[std::move(name)].push_back(&function);
  for (std::string& name : facts.relations) read_in_[std::move(name)].push_back(&function);
  for (std::string& name : facts.calls) called_in_[std::move(name)].push_back(&function);
  for (std::string& name : facts.operators) operators_in_[std::move(name)].push_back(&function);
  for (std::string& name : facts.changes) changed_in_[std::move(name)].push_back(&function);
  if (facts.writes) writers_.insert(function.oid);
  if (facts.may_change_state) body_stateful_.insert(function.oid);
  if (facts.raises_values || facts.danger) tellers_.insert(function.oid);
  if (facts.danger) body_dangers_.emplace(function.oid, std::move(*facts.danger));
}

void ReachClosure::seed_relations() {
  for (const auto& [oid, relation] : snapshot_.relations) {
    if (options_.denied_relations.contains(oid)) {
      mark(relation, RelationReach::denied_catalog, "belongs to pgconsent");
    } else if (options_.protected_relations.contains(oid)) {
      mark(relation, RelationReach::protected_itself, {});
    } else if (options_.orphaned_relations.contains(oid)) {
      mark(relation, RelationReach::opaque,
           "was protected under another name or parent, and no rule names it now");
    } else if (oid < first_user_oid) {
      const CatalogRule* rule = catalog_rule(relation.name);
      if (rule == nullptr) continue;
      bool is_denied = rule->action == CatalogAction::deny;
      mark(relation, is_denied ? RelationReach::denied_catalog : RelationReach::blank_columns,
           "shows statistics, other sessions or the server");
    } else if (relation.kind == RelationKind::foreign_table) {
      mark(relation, RelationReach::opaque,
           "is a foreign table without rules of its own: what it reads is not known");
    }
  }
}

void ReachClosure::seed_unwritable() {
  const auto add = [&](Oid oid, const char* reason) {
    if (const Relation* relation = snapshot_.relation(oid)) forbid_writing(*relation, reason);
  };
  for (Oid oid : options_.unwritable_relations) add(oid, "may change subjects in");
  for (Oid oid : options_.untrusted_relations) {
    for (Oid writer : writes_.writers_of(oid)) add(writer, "runs code on protected rows by writing to");
  }
  // UPDATE pg_settings is SET of anything.
  if (const Relation* settings = snapshot_.relation("pg_catalog", "pg_settings")) {
    for (Oid writer : writes_.writers_of(settings->oid)) add(writer, "changes settings by writing to");
  }
}

void ReachClosure::seed_functions() {
  for (const auto& [oid, function] : snapshot_.functions) {
    if (options_.refused_functions.contains(oid)) {
      mark(function, "is refused by the rules");
    } else if (oid < first_user_oid) {
      judge_builtin(function);
    } else {
      judge_user_function(function);
    }
  }
}

void ReachClosure::judge_builtin(const Function& function) {
  if (SpecialFunction special = special_function(function); special != SpecialFunction::none) {
    out_.special_.emplace(function.oid, special);
    out_.marked_calls_.insert(function.name);
    if (is_unsafe_inside(special)) out_.unsafe_inside_.insert(function.name);
  }
  if (std::string_view reason = denied_builtin(function); !reason.empty())
    mark(function, std::string(reason));
}

void ReachClosure::judge_user_function(const Function& function) {
  for (const std::string& setting : function.settings) {
    if (!is_settable(setting.substr(0, setting.find('=')))) return mark(function, "runs with " + setting);
  }
  if (is_reading_extension(function.extension)) return mark(function, "belongs to " + function.extension);
  if (function.kind == 'a') return;  // as dangerous as its support functions
  if (has_readable_body(function)) {
    auto it = body_dangers_.find(function.oid);
    if (it != body_dangers_.end()) mark(function, it->second);
    return;
  }
  if (is_pure_native(function)) return;
  mark(function, "is written in " + function.language + ", which can't be seen into");
}

void ReachClosure::mark(const Relation& relation, RelationReach reach, std::string reason) {
  auto [it, is_new] = out_.relations_.try_emplace(relation.oid, reach);
  if (!is_new) {
    if (it->second != RelationReach::view || reach != RelationReach::opaque) return;
    it->second = reach;  // has spread already
  }
  if (!reason.empty()) out_.relation_reasons_.insert_or_assign(relation.oid, std::move(reason));
  if (is_new) new_relations_.push_back(&relation);
}

void ReachClosure::mark(const Function& function, std::string reason) {
  bool is_trusted = options_.trusted_functions.contains(function.oid);
  if (is_trusted && !options_.refused_functions.contains(function.oid)) return;
  auto [it, is_new] = out_.dangerous_.try_emplace(function.oid, std::move(reason));
  if (is_new) new_functions_.push_back(&function);
}

void ReachClosure::drain() {
  while (!new_relations_.empty() || !new_functions_.empty()) {
    if (!new_relations_.empty()) {
      const Relation& relation = *new_relations_.front();
      new_relations_.pop_front();
      spread(relation);
    } else {
      const Function& function = *new_functions_.front();
      new_functions_.pop_front();
      spread(function);
    }
  }
}

void ReachClosure::spread(const Relation& relation) {
  relation_is_bad(relation, "reads " + spell(relation));
  spread_to_users(relation.oid, "reads " + spell(relation));
  for (Oid oid : relation.parents) {
    const Relation* parent = snapshot_.relation(oid);
    if (parent != nullptr && holds_rows(parent->kind)) {
      mark(*parent, RelationReach::opaque, "has the protected child " + spell(relation));
    }
  }
  if (out_.relations_.at(relation.oid) != RelationReach::protected_itself) return;
  for (Oid oid : relation.children) {
    const Relation* child = snapshot_.relation(oid);
    if (child != nullptr && holds_rows(child->kind)) {
      mark(*child, RelationReach::opaque, "is a child of " + spell(relation));
    }
  }
}

// Whatever uses the relation or function of this OID by its definition.
void ReachClosure::spread_to_users(Oid oid, const std::string& reason) {
  bool is_relation = snapshot_.relations.contains(oid);
  if (auto it = relations_depending_.find(oid); it != relations_depending_.end()) {
    for (const Relation* user : it->second) {
      bool is_view = user->kind == RelationKind::view && !user->view_definition.empty();
      mark(*user, is_relation && is_view ? RelationReach::view : RelationReach::opaque, reason);
    }
  }
  if (auto it = functions_depending_.find(oid); it != functions_depending_.end()) {
    for (const Function* user : it->second) mark(*user, reason);
  }
}

void ReachClosure::spread(const Function& function) {
  std::string reason = "calls `" + function.identity + "`";
  out_.bad_calls_.insert(function.name);
  spread_to_bodies(called_in_, function.name, reason, false);
  spread_to_users(function.oid, reason);
  spread_to_code(function, reason);
}

// The server's own views over it are judged by their names, and bodies that call set_config by its arguments.
void ReachClosure::spread_from_inside(const Function& function) {
  const std::string reason = "calls `" + function.identity + "`";
  if (function.name != "set_config") spread_to_bodies(called_in_, function.name, reason, false);
  if (auto it = relations_depending_.find(function.oid); it != relations_depending_.end()) {
    for (const Relation* user : it->second) {
      if (user->oid >= first_user_oid) mark(*user, RelationReach::opaque, reason);
    }
  }
  if (auto it = functions_depending_.find(function.oid); it != functions_depending_.end()) {
    for (const Function* user : it->second) {
      if (user->oid >= first_user_oid) mark(*user, reason);
    }
  }
  spread_to_code(function, reason);
}

// Tables, operators, types and casts that run it.
void ReachClosure::spread_to_code(const Function& function, const std::string& reason) {
  if (auto it = relations_running_.find(function.oid); it != relations_running_.end()) {
    for (const Relation* relation : it->second) write_is_bad(*relation);
  }
  if (auto it = operators_running_.find(function.oid); it != operators_running_.end()) {
    for (const Operator* op : it->second) {
      if (out_.bad_operators_.insert(op->name).second)
        spread_to_bodies(operators_in_, op->name, reason, false);
    }
  }
  if (auto it = types_running_.find(function.oid); it != types_running_.end()) {
    for (Oid type : it->second) mark_type(type);
  }
  if (auto it = casts_running_.find(function.oid); it != casts_running_.end()) {
    for (const Cast* cast : it->second) {
      out_.bad_casts_.push_back(*cast);
      // One that is applied only where its target is named; others come into play unseen.
      if (cast->context == 'e' && snapshot_.types.contains(cast->target)) {
        mark_type(cast->target);
      } else {
        out_.unseen_cast_ = true;
      }
      for (Oid type : {cast->source, cast->target}) {
        if (auto known = snapshot_.types.find(type); known != snapshot_.types.end()) {
          type_is_bad(known->second, "may convert by `" + function.identity + "`");
        }
        // A body may convert a column without naming its type.
        if (auto with = relations_with_type_.find(type); with != relations_with_type_.end()) {
          for (const Relation* relation : with->second) {
            relation_is_bad(*relation, "may convert by `" + function.identity + "`");
          }
        }
      }
    }
  }
}

void ReachClosure::mark_type(Oid type) {
  if (!out_.bad_types_.insert(type).second) return;
  if (auto known = snapshot_.types.find(type); known != snapshot_.types.end()) {
    out_.bad_types_by_name_.insert(known->second.name);
    type_is_bad(known->second, "uses the type `" + known->second.schema + "." + known->second.name + "`");
  }
  // A value of it may be built from one that a row holds: jsonb_populate_record(row, …), lag(column, 1, …).
  if (auto with = relations_with_type_.find(type); with != relations_with_type_.end()) {
    for (const Relation* relation : with->second) {
      write_is_bad(*relation);
      if (holds_rows(relation->kind))
        mark(*relation, RelationReach::opaque, "has a column whose type runs dangerous code");
    }
  }
  // An argument is converted to it without its being named.
  if (auto taking = functions_taking_.find(type); taking != functions_taking_.end()) {
    for (const Function* function : taking->second) mark(*function, "takes a type that runs dangerous code");
  }
  if (auto over = types_over_.find(type); over != types_over_.end()) {
    for (Oid wider : over->second) mark_type(wider);
  }
}

void ReachClosure::spread_to_bodies(const Index& index, const std::string& name, const std::string& reason,
                                    bool writers_only) {
  auto it = index.find(name);
  if (it == index.end()) return;
  for (const Function* user : it->second) {
    if (!writers_only || writers_.contains(user->oid)) mark(*user, reason);
  }
}

std::array<std::string, 2> spellings(const Relation& relation) {
  return {relation.name, with_schema(relation.schema, relation.name)};
}

void ReachClosure::relation_is_bad(const Relation& relation, const std::string& reason) {
  for (const std::string& name : spellings(relation)) {
    if (out_.bad_relations_.try_emplace(name, reason).second) spread_to_bodies(read_in_, name, reason, false);
  }
}

// In any schema: x.name may convert to it.
void ReachClosure::type_is_bad(const Type& type, const std::string& reason) {
  if (out_.bad_type_names_.try_emplace(type.name, reason).second)
    spread_to_bodies(named_in_, type.name, reason, false);
}

void ReachClosure::write_is_bad(const Relation& relation) {
  for (Oid oid : writes_.writers_of(relation.oid)) {
    const Relation* writer = snapshot_.relation(oid);
    if (writer == nullptr || !out_.bad_writes_.insert(oid).second) continue;
    out_.bad_write_code_names_.insert(writer->name);
    forbid_writing(*writer, "writes to");
  }
}

// By name as ever: a body that writes at all may not name it.
void ReachClosure::forbid_writing(const Relation& relation, const std::string& reason) {
  for (const std::string& name : spellings(relation)) {
    if (out_.bad_write_names_.insert(name).second)
      spread_to_bodies(read_in_, name, reason + " " + spell(relation), true);
  }
}

}  // namespace pgconsent::parser
