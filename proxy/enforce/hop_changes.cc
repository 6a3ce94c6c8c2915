#include "proxy/enforce/hop_changes.h"

#include <algorithm>

#include "parser/names/ascii.h"
#include "parser/tree/walker.h"
#include "proxy/enforce/statement_rules.h"
#include "proxy/enforce/table_changes.h"

namespace pgconsent::enforce {

namespace {

using parser::Relation;

constexpr int view_depth_limit = 32;
constexpr int trigger_type_before = 1 << 1;  // catalog/pg_trigger.h

class HopChange {
 public:
  HopChange(const Generation& generation, const parser::NameResolver* names)
      : generation_(generation), names_(names) {}

  // Or is a view that consent is read through.
  bool holds_consent(parser::Oid oid) const {
    const auto& relations = generation_.policy().consent_relations;
    return relations.contains(oid) || std::any_of(relations.begin(), relations.end(), [&](parser::Oid each) {
             return is_view_below(oid, each, view_depth_limit);
           });
  }

  // The relation, if it is one on the way to subjects, or consent is read from it.
  const Relation* hop(std::string_view schema, std::string_view name) const {
    for (const auto& [oid, relation] : generation_.catalog().relations) {
      if (relation.name != name || (!schema.empty() && relation.schema != schema)) continue;
      const bool hop = !generation_.subject_columns().of(oid).empty();
      if ((!hop && !holds_consent(oid)) || generation_.policy().relation(oid) != nullptr) continue;
      if (names_ == nullptr || names_->resolve(schema, name).relation == &relation) return &relation;
    }
    return nullptr;
  }
  const Relation* hop(const RangeVar* range) const {
    if (range == nullptr) return nullptr;
    return hop(range->schemaname == nullptr ? "" : range->schemaname, range->relname);
  }

  bool decides(const Relation& relation, std::string_view name) const {
    if (holds_consent(relation.oid)) return true;
    const auto& columns = generation_.subject_columns().of(relation.oid);
    const parser::Column* column = relation.column(name);
    return column == nullptr || std::any_of(columns.begin(), columns.end(), [&](const SubjectColumn& each) {
             return each.attnum == column->attnum;
           });
  }

  const Relation* changed(const AlterTableStmt* alter) const {
    const Relation* relation = hop(alter->relation);
    const Relation* found = nullptr;
    parser::for_each(alter->cmds, [&](const Node* node) {
      const auto* command = parser::as<AlterTableCmd>(node);
      if (relation != nullptr && !is_harmless(*relation, command)) found = relation;
      if (command->subtype != AT_AddInherit) return;
      if (const Relation* parent = hop(parser::as<RangeVar>(command->def))) found = parent;
    });
    return found;
  }

  const Relation* dropped(const DropStmt* drop) const {
    const Relation* found = nullptr;
    if (drop->removeType != OBJECT_TABLE && drop->removeType != OBJECT_VIEW &&
        drop->removeType != OBJECT_MATVIEW) {
      return nullptr;
    }
    parser::for_each(drop->objects, [&](const Node* object) {
      const List* name = parser::as<List>(object);
      if (const Relation* relation = hop(parser::schema_string(name), parser::last_string(name)))
        found = relation;
    });
    return found;
  }

 private:
  bool is_view_below(parser::Oid view, parser::Oid from, int depth) const {
    const Relation* relation = generation_.catalog().relation(from);
    if (relation == nullptr || depth == 0 || relation->kind != parser::RelationKind::view) return false;
    const auto& below = relation->depends_on;
    return from == view || std::any_of(below.begin(), below.end(), [&](parser::Oid each) {
             return is_view_below(view, each, depth - 1);
           });
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
    case T_RenameStmt: {
      const auto* rename = parser::as<RenameStmt>(statement);
      found = change.hop(rename->relation);
      const bool column = rename->renameType == OBJECT_COLUMN && rename->subname != nullptr;
      const bool other = rename->renameType == OBJECT_TABCONSTRAINT || rename->renameType == OBJECT_TRIGGER;
      if (found != nullptr && (other || (column && !change.decides(*found, rename->subname))))
        found = nullptr;
      break;
    }
    case T_AlterObjectSchemaStmt:
      found = change.hop(parser::as<AlterObjectSchemaStmt>(statement)->relation);
      break;
    case T_DropStmt:
      found = change.dropped(parser::as<DropStmt>(statement));
      break;
    case T_ViewStmt:  // OR REPLACE
      found = change.hop(parser::as<ViewStmt>(statement)->view);
      break;
    case T_CreateStmt:  // INHERITS, PARTITION OF
      parser::for_each(parser::as<CreateStmt>(statement)->inhRelations, [&](const Node* parent) {
        if (const Relation* relation = change.hop(parser::as<RangeVar>(parent))) found = relation;
      });
      break;
    case T_RuleStmt:
      found = change.hop(parser::as<RuleStmt>(statement)->relation);
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
  if (change.holds_consent(found->oid))
    return refusal("consent is read from \"" + found->name + "\", which may not be changed so", {}, hint);
  return refusal(
      "\"" + found->name + "\" decides about the subjects of protected rows and may not be changed so",
      "The rows are those of \"" + generation.subject_columns().of(found->oid).front().of->name + "\".",
      hint);
}

bool is_named_by_row_code(std::string_view view, const Generation& generation) {
  const auto& functions = generation.catalog().functions;
  const std::string name = parser::lower(view);
  return std::any_of(functions.begin(), functions.end(), [&](const auto& each) {
    const parser::Function& function = each.second;
    return (generation.policy().trusted_functions.contains(function.oid) ||
            generation.functions().runs_on_rows(function.name)) &&
           parser::lower(function.body).find(name) != std::string::npos;
  });
}

bool has_deciding_views(const Generation& generation) {
  const HopChange change(generation, nullptr);
  const auto& relations = generation.catalog().relations;
  return std::any_of(relations.begin(), relations.end(), [&](const auto& each) {
    const Relation& relation = each.second;
    return relation.kind == parser::RelationKind::view && each.first >= parser::first_user_oid &&
           (change.holds_consent(each.first) || is_named_by_row_code(relation.name, generation));
  });
}

bool holds_deciding_tables(std::string_view schema, const Generation& generation) {
  const auto& relations = generation.catalog().relations;
  return std::any_of(relations.begin(), relations.end(), [&](const auto& entry) {
    return entry.second.schema == schema && (generation.policy().relation(entry.first) != nullptr ||
                                             generation.policy().consent_relations.contains(entry.first) ||
                                             !generation.subject_columns().of(entry.first).empty());
  });
}

}  // namespace pgconsent::enforce
