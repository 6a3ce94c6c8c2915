#include "proxy/enforce/definitions.h"

#include <algorithm>
#include <unordered_set>

#include "parser/tree/scanner.h"
#include "parser/tree/walker.h"
#include "proxy/enforce/maintenance.h"
#include "proxy/enforce/statement_rules.h"
#include "proxy/enforce/table_changes.h"

namespace pgconsent::enforce {

namespace {

using parser::Relation;

constexpr int trigger_type_instead = 1 << 6;  // catalog/pg_trigger.h

bool has_key(const Relation& relation, std::string_view index) {
  return std::any_of(relation.unique_keys.begin(), relation.unique_keys.end(),
                     [&](const auto& key) { return key.index == index; });
}

std::string_view made_relation(const Node* statement) {
  switch (nodeTag(statement)) {
    case T_CreateStmt:
      return parser::as<CreateStmt>(statement)->relation->relname;
    case T_CreateTableAsStmt:
      return parser::as<CreateTableAsStmt>(statement)->into->rel->relname;
    case T_ViewStmt:
      return parser::as<ViewStmt>(statement)->view->relname;
    case T_CreateSeqStmt:
      return parser::as<CreateSeqStmt>(statement)->sequence->relname;
    case T_SelectStmt: {
      const IntoClause* into = parser::into_clause(parser::as<SelectStmt>(statement));
      return into == nullptr ? std::string_view() : into->rel->relname;
    }
    default:
      return {};
  }
}

// Other columns, constraints or properties of the one table: no other name means anything else by it.
bool stays_in_table(const AlterTableCmd* command) {
  switch (command->subtype) {
    case AT_AddColumn:
    case AT_DropColumn:
      return command->behavior != DROP_CASCADE;
    case AT_AddConstraint:
    case AT_ValidateConstraint:
    case AT_AlterColumnType:
    case AT_SetNotNull:
    case AT_AddIdentity:
    case AT_SetIdentity:
    case AT_DropIdentity:
      return true;
    default:
      return sets_property(command);
  }
}

}  // namespace

bool Definitions::has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

template <class Test>
bool Definitions::any_name(const parser::StatementFacts& facts, const std::string& text, Test test) {
  const std::vector<parser::Token> tokens = parser::scan_parsed(text);
  return std::any_of(tokens.begin(), tokens.end(), [&](const parser::Token& token) {
    if (token.start < facts.start || token.start >= facts.end) return false;
    return token.kind == parser::TokenKind::unicode_identifier || (!token.text.empty() && test(token.text));
  });
}

// What it defines, or itself at once, may call a function that changes the search path or makes relations.
bool Definitions::may_change_state(const parser::StatementFacts& facts, const std::string& text) const {
  const parser::FunctionReach& functions = generation_.functions();
  return functions.unseen_may_change_state() || any_name(facts, text, [&](const std::string& name) {
           return functions.any_special_or_stateful(name);
         });
}

// Writing to the new view could change subjects, and nobody knows of it yet.
bool Definitions::shows_leading(const parser::StatementFacts& facts, const std::string& text) const {
  std::unordered_set<std::string> leading;
  for (const auto& [oid, relation] : generation_.catalog().relations) {
    if (generation_.leads_to_subjects(oid)) leading.insert(relation.name);
  }
  return any_name(facts, text, [&](const std::string& name) { return leading.contains(name); });
}

bool Definitions::keep_names_of(const parser::StatementFacts& facts, const std::string& text) const {
  if (unsettled_ || (created_.empty() && dropped_.empty())) return !unsettled_;
  return !any_name(facts, text, [&](const std::string& name) { return renames(name); });
}

void Definitions::note(const parser::StatementFacts& facts, const std::string& text,
                       const parser::NameResolver& names) {
  unsettled_ = unsettled_ || facts.kind == parser::StatementKind::discard;
  if (facts.kind == parser::StatementKind::transaction) return;
  const Node* statement = facts.kind == parser::StatementKind::explain ? facts.query : facts.statement;
  if (const std::string_view made = made_relation(statement); !made.empty()) created_.emplace_back(made);
  bool settled = true;
  switch (nodeTag(statement)) {
    case T_CreateStmt:  // a parent has another child
      parser::for_each(parser::as<CreateStmt>(statement)->inhRelations, [&](const Node* parent) {
        reshaped_.emplace_back(parser::as<RangeVar>(parent)->relname);
      });
      break;
    case T_CreateTableAsStmt:
    case T_SelectStmt:
    case T_CreateSeqStmt:
    case T_AlterSeqStmt:
    case T_CreateEnumStmt:
    case T_CommentStmt:
    case T_RefreshMatViewStmt:
    case T_CreateExtensionStmt:  // of those that are let through none has relations
      break;
    case T_ViewStmt:
      change_code_ |= shows_leading(facts, text);
      break;
    case T_IndexStmt:
      if (const char* name = parser::as<IndexStmt>(statement)->idxname) created_.emplace_back(name);
      break;
    case T_CreateSchemaStmt:
      settled = parser::as<CreateSchemaStmt>(statement)->schemaElts == nullptr;
      break;
    case T_GrantStmt:  // which schemas may be used decides about names
      settled = parser::as<GrantStmt>(statement)->objtype != OBJECT_SCHEMA;
      break;
    case T_AlterTableStmt:
      settled = alter(parser::as<AlterTableStmt>(statement), names);
      break;
    case T_DropStmt:
      settled = drop(parser::as<DropStmt>(statement));
      break;
    case T_RenameStmt:
      settled = rename(parser::as<RenameStmt>(statement), names);
      change_code_ |= !settled;
      break;
    case T_DoStmt:  // likewise
      settled = false;
      change_code_ |= defines_anything(parser::as<DoStmt>(statement));
      break;
    case T_CreateFunctionStmt:  // its body was judged
    case T_GrantRoleStmt:
      settled = false;
      break;
    case T_CreateTrigStmt:  // its function was judged; one in place of a view's changes is none of a table
      settled = false;
      change_code_ |= parser::as<CreateTrigStmt>(statement)->timing == trigger_type_instead;
      break;
    default:
      if (facts.kind != parser::StatementKind::define && facts.kind != parser::StatementKind::server &&
          facts.kind != parser::StatementKind::run_code)
        return;
      settled = false;
      change_code_ = true;
  }
  const bool defines = facts.kind == parser::StatementKind::define;
  unsettled_ = unsettled_ || !settled ||
               (defines && nodeTag(statement) != T_CommentStmt && may_change_state(facts, text));
}

void Definitions::reshape(const Relation& relation) {
  if (has(reshaped_, relation.name)) return;
  reshaped_.push_back(relation.name);
  for (parser::Oid child : relation.children) {  // which change with it
    if (const Relation* below = generation_.catalog().relation(child)) reshape(*below);
  }
}

// The guard relies on the keys of consent, and of the tables that lead to the subjects.
bool Definitions::decides(const Relation& relation) const {
  return !generation_.subject_columns().of(relation.oid).empty() ||
         generation_.policy().consent_relations.contains(relation.oid);
}

bool Definitions::is_deciding_key(std::string_view index) const {
  const auto& relations = generation_.catalog().relations;
  return std::any_of(relations.begin(), relations.end(),
                     [&](const auto& each) { return has_key(each.second, index) && decides(each.second); });
}

// Or one of a protected table, whose errors are judged by it.
bool Definitions::is_guarded_key(std::string_view index) const {
  const auto& relations = generation_.policy().relations;
  return is_deciding_key(index) || std::any_of(relations.begin(), relations.end(), [&](const auto& each) {
           const Relation* relation = generation_.catalog().relation(each.first);
           return relation != nullptr && has_key(*relation, index);
         });
}

// False: other names may mean something else.
bool Definitions::alter(const AlterTableStmt* alter, const parser::NameResolver& names) {
  if (alter->objtype != OBJECT_TABLE) return false;
  const Relation* relation = names.resolve(*alter->relation).relation;
  if (relation != nullptr) reshape(*relation);
  reshaped_.emplace_back(alter->relation->relname);
  bool settled = true;
  parser::for_each(alter->cmds, [&](const Node* node) {
    const auto* command = parser::as<AlterTableCmd>(node);
    settled &= stays_in_table(command);
    const bool drops = command->subtype == AT_DropConstraint || command->subtype == AT_DropColumn;
    change_code_ |= drops && relation != nullptr && decides(*relation);
  });
  return settled;
}

// Nothing that is protected, or decides, is in it, behind it or written with it.
bool Definitions::is_plain(const Relation& relation) const {
  const parser::FunctionReach& functions = generation_.functions();
  return functions.reaches_protected(relation.oid) == parser::RelationReach::none && !decides(relation) &&
         !functions.write_is_dangerous(relation.oid) && !functions.relation_may_change_state(relation.oid) &&
         !functions.writing_reaches_protected(relation.oid) && !functions.is_read_for_rows(relation.oid) &&
         relation.children.empty() && relation.parents.empty();
}

// Of a column, of a table of this text or a plain one, of its constraints and indexes. False: of anything
// else.
bool Definitions::rename(const RenameStmt* rename, const parser::NameResolver& names) {
  if (rename->relation == nullptr) return false;
  const std::string name = rename->relation->relname;
  const parser::ResolvedName resolved = names.resolve(*rename->relation);
  const bool is_new = resolved.relation == nullptr && resolved.temporary == nullptr && has(created_, name);
  const bool plain = is_new || (resolved.relation != nullptr && is_plain(*resolved.relation));
  switch (rename->renameType) {
    case OBJECT_COLUMN:
      if (rename->relationType != OBJECT_TABLE) return false;
      if (!is_new && (resolved.relation == nullptr || decides(*resolved.relation))) return false;
      if (resolved.relation != nullptr) reshape(*resolved.relation);
      reshaped_.push_back(name);
      return true;
    case OBJECT_TABCONSTRAINT:
      return plain;
    case OBJECT_INDEX:  // tables can be renamed so, too, and would be found
      return resolved.temporary == nullptr && !is_guarded_key(name) &&
             (resolved.relation == nullptr || resolved.relation->kind == parser::RelationKind::index);
    case OBJECT_TABLE:
      if (!plain) return false;
      dropped_.push_back(name);
      created_.emplace_back(rename->newname);
      return true;
    default:
      return false;
  }
}

bool Definitions::drop(const DropStmt* drop) {
  switch (drop->removeType) {
    case OBJECT_TABLE:
    case OBJECT_VIEW:
    case OBJECT_MATVIEW:
    case OBJECT_SEQUENCE:
      parser::for_each(drop->objects, [&](const Node* name) {
        dropped_.emplace_back(parser::last_string(parser::as<List>(name)));
      });
      return drop->behavior != DROP_CASCADE;
    case OBJECT_INDEX:
      parser::for_each(drop->objects, [&](const Node* name) {
        change_code_ |= is_deciding_key(parser::last_string(parser::as<List>(name)));
      });
      return drop->behavior != DROP_CASCADE;
    default:  // a type may take columns with it, and so their keys
      change_code_ |= drop->behavior == DROP_CASCADE;
      return false;
  }
}

bool runs_row_code(const Node* statement, const Generation& generation, const parser::NameResolver& names) {
  if (nodeTag(statement) == T_RefreshMatViewStmt) {
    const Relation* view = names.resolve(*parser::as<RefreshMatViewStmt>(statement)->relation).relation;
    return view == nullptr || generation.functions().reading_may_fail_on_rows(view->oid);
  }
  if (nodeTag(statement) != T_AlterTableStmt) return false;
  const parser::ResolvedName altered = names.resolve(*parser::as<AlterTableStmt>(statement)->relation);
  return altered.relation != nullptr &&
         generation.functions().writing_may_fail_on_rows(altered.relation->oid);
}

std::optional<parser::SqlError> refuse_utility(const parser::StatementFacts& facts, const std::string& text,
                                               const Generation& generation,
                                               const parser::NameResolver& names, const Definitions& before) {
  const bool known = before.keep_names_of(facts, text);
  auto error = refuse_utility(facts, text, generation, known ? &names : nullptr);
  if (error && known && before.any())
    error->hint.insert(0, "Where it is about what this text adds, send the statements one by one. ");
  if (!error || known) return error;
  Statement alone;
  const bool helps = facts.kind == parser::StatementKind::lock
                         ? decide_maintenance(facts, generation, names, alone) && !alone.refusal
                         : !refuse_utility(facts, text, generation, &names);
  if (helps) error->hint = "Send the statements one by one.";
  return error;
}

}  // namespace pgconsent::enforce
