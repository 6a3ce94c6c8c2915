#include "proxy/enforce/hop_changes.h"

#include <algorithm>

#include "parser/tree/walker.h"
#include "proxy/enforce/statement_rules.h"
#include "proxy/enforce/table_changes.h"

namespace pgconsent::enforce {

namespace {

using parser::Relation;

constexpr int trigger_type_before = 1 << 1;  // catalog/pg_trigger.h

bool is_deciding_view(const Relation& relation, const Generation& generation) {
  return parser::is_view(relation.kind) && generation.functions().is_read_for_rows(relation.oid);
}

class HopChange {
 public:
  HopChange(const Generation& generation, const parser::NameResolver* names)
      : generation_(generation), names_(names) {}

  // One on the way to subjects, one that consent is read from, or a view that it, a condition or trusted code
  // is read through.
  const Relation* hop(const RangeVar* range) const {
    return find(range, [this](const Relation& relation) { return is_hop(relation); });
  }
  // Or a table that these are read from: its owner may change it, but nobody swap it for another one.
  const Relation* fixed(const RangeVar* range) const {
    return find(range, [this](const Relation& relation) { return is_fixed(relation); });
  }

  bool holds_consent(const Relation& relation) const {
    return generation_.policy().consent_relations.contains(relation.oid);
  }

  const Relation* changed(const AlterTableStmt* alter) const {
    const Relation* found = nullptr;
    parser::for_each(alter->cmds, [&](const Node* node) {
      const auto* command = parser::as<AlterTableCmd>(node);
      const auto forbids = [&](const Relation& relation) { return this->forbids(relation, command); };
      if (const Relation* relation = find(alter->relation, forbids)) found = relation;
      if (command->subtype != AT_AddInherit) return;
      if (const Relation* parent = hop(parser::as<RangeVar>(command->def))) found = parent;
    });
    return found;
  }

  // Of a column; of the relation itself.
  const Relation* renamed(const RenameStmt* rename) const {
    if (rename->renameType == OBJECT_TABCONSTRAINT || rename->renameType == OBJECT_TRIGGER) return nullptr;
    if (rename->renameType != OBJECT_COLUMN || rename->subname == nullptr) return fixed(rename->relation);
    return find(rename->relation, [&](const Relation& relation) {
      if (is_hop(relation) && decides(relation, rename->subname)) return true;
      return changes_meaning(relation, rename->subname) || changes_meaning(relation, rename->newname) ||
             (is_fixed(relation) && is_condition_column(relation, rename->subname));
    });
  }

  const Relation* dropped(const DropStmt* drop) const {
    const Relation* found = nullptr;
    if (drop->removeType != OBJECT_TABLE && drop->removeType != OBJECT_VIEW &&
        drop->removeType != OBJECT_MATVIEW && drop->removeType != OBJECT_FOREIGN_TABLE) {
      return nullptr;
    }
    parser::for_each(drop->objects, [&](const Node* object) {
      const List* name = parser::as<List>(object);
      const Relation* relation = find(parser::schema_string(name), parser::last_string(name),
                                      [this](const Relation& each) { return is_fixed(each); });
      if (relation != nullptr) found = relation;
    });
    return found;
  }

 private:
  bool is_hop(const Relation& relation) const {
    return !generation_.subject_columns().of(relation.oid).empty() || holds_consent(relation) ||
           is_deciding_view(relation, generation_);
  }

  bool is_fixed(const Relation& relation) const {
    return is_hop(relation) || generation_.functions().is_read_for_rows(relation.oid);
  }

  template <class Test>
  const Relation* find(std::string_view schema, std::string_view name, Test test) const {
    for (const auto& [oid, relation] : generation_.catalog().relations) {
      if (relation.name != name || (!schema.empty() && relation.schema != schema)) continue;
      if (generation_.policy().relation(oid) != nullptr || !test(relation)) continue;
      if (names_ == nullptr || names_->resolve(schema, name).relation == &relation) return &relation;
    }
    return nullptr;
  }
  template <class Test>
  const Relation* find(const RangeVar* range, Test test) const {
    if (range == nullptr) return nullptr;
    return find(range->schemaname == nullptr ? "" : range->schemaname, range->relname, test);
  }

  bool decides(const Relation& relation, std::string_view name) const {
    if (holds_consent(relation) || is_deciding_view(relation, generation_)) return true;
    if (is_condition_column(relation, name)) return true;
    const auto& columns = generation_.subject_columns().of(relation.oid);
    const parser::Column* column = relation.column(name);
    return column == nullptr || std::any_of(columns.begin(), columns.end(), [&](const SubjectColumn& each) {
             return each.attnum == column->attnum;
           });
  }

  bool forbids(const Relation& relation, const AlterTableCmd* command) const {
    if (!keeps_columns(relation, command)) return true;
    return is_hop(relation) && (is_deciding_view(relation, generation_) || !is_harmless(relation, command));
  }

  bool is_condition_column(const Relation& relation, std::string_view name) const {
    const parser::Column* column = relation.column(name);
    return column != nullptr && generation_.conditions().reads(relation.oid, column->attnum);
  }

  bool changes_meaning(const Relation& relation, std::string_view column) const {
    return generation_.functions().changes_meaning(relation.oid, column);
  }

  // Of a table whose columns code on unmasked rows names, or takes by their order, or conditions read.
  bool keeps_columns(const Relation& relation, const AlterTableCmd* command) const {
    switch (command->subtype) {
      case AT_DropColumn:
      case AT_AlterColumnType:
        return command->name != nullptr && !changes_meaning(relation, command->name) &&
               !is_condition_column(relation, command->name);
      case AT_AddColumn: {
        const char* const name = parser::as<ColumnDef>(command->def)->colname;
        return !changes_meaning(relation, name) || (command->missing_ok && relation.column(name) != nullptr);
      }
      default:
        return true;
    }
  }

  bool is_harmless(const Relation& relation, const AlterTableCmd* command) const {
    switch (command->subtype) {
      case AT_AddColumn:
      case AT_AddConstraint:
      case AT_ValidateConstraint:
      case AT_DropConstraint:  // without it INSERT is refused
      case AT_SetNotNull:
      case AT_ChangeOwner:
      case AT_ClusterOn:
      case AT_DropCluster:
      case AT_AddIdentity:
      case AT_SetIdentity:
      case AT_DropIdentity:
      case AT_EnableRowSecurity:
      case AT_ForceRowSecurity:
        return true;
      case AT_DropColumn:
      case AT_AlterColumnType:
        return command->name != nullptr && !decides(relation, command->name);
      default:
        return sets_property(command);
    }
  }

  const Generation& generation_;
  const parser::NameResolver* names_;
};

}  // namespace

std::optional<parser::SqlError> refuse_hop_change(const Node* statement, const Generation& generation,
                                                  const parser::NameResolver* names) {
  const HopChange change(generation, names);
  const Relation* found = nullptr;
  switch (nodeTag(statement)) {
    case T_AlterTableStmt:
      found = change.changed(parser::as<AlterTableStmt>(statement));
      break;
    case T_RenameStmt:
      found = change.renamed(parser::as<RenameStmt>(statement));
      break;
    case T_AlterObjectSchemaStmt:
      found = change.fixed(parser::as<AlterObjectSchemaStmt>(statement)->relation);
      break;
    case T_DropStmt:
      found = change.dropped(parser::as<DropStmt>(statement));
      break;
    case T_ViewStmt:  // OR REPLACE
      found = change.fixed(parser::as<ViewStmt>(statement)->view);
      break;
    case T_CreateStmt:  // INHERITS, PARTITION OF
      parser::for_each(parser::as<CreateStmt>(statement)->inhRelations, [&](const Node* parent) {
        if (const Relation* relation = change.hop(parser::as<RangeVar>(parent))) found = relation;
      });
      break;
    case T_RuleStmt:
      found = change.fixed(parser::as<RuleStmt>(statement)->relation);
      break;
    case T_CreateTrigStmt: {  // before the row is stored it may be changed
      const auto* trigger = parser::as<CreateTrigStmt>(statement);
      if (trigger->row && (trigger->timing & trigger_type_before) != 0) found = change.hop(trigger->relation);
      break;
    }
    default:
      break;
  }
  if (found == nullptr) return std::nullopt;
  const char* const hint = "Let a DBA change its definition, without the proxy.";
  if (change.holds_consent(*found) || generation.functions().decides(found->oid))
    return refusal("consent or a condition of the rules is read from \"" + found->name +
                       "\", which may not be changed so",
                   {}, hint);
  if (generation.subject_columns().of(found->oid).empty())
    return refusal("\"" + found->name + "\" may not be changed so",
                   "Code that runs on unmasked rows, or that the rules trust, reads it.", hint);
  return refusal(
      "\"" + found->name + "\" decides about the subjects of protected rows and may not be changed so",
      "The rows are those of \"" + generation.subject_columns().of(found->oid).front().of->name + "\".",
      hint);
}

bool has_deciding_views(const Generation& generation) {
  const auto& relations = generation.catalog().relations;
  return std::any_of(relations.begin(), relations.end(),
                     [&](const auto& each) { return is_deciding_view(each.second, generation); });
}

bool holds_deciding_tables(std::string_view schema, const Generation& generation) {
  const auto& relations = generation.catalog().relations;
  return std::any_of(relations.begin(), relations.end(), [&](const auto& entry) {
    return entry.second.schema == schema && (generation.policy().relation(entry.first) != nullptr ||
                                             generation.functions().is_read_for_rows(entry.first) ||
                                             !generation.subject_columns().of(entry.first).empty());
  });
}

}  // namespace pgconsent::enforce
