#include "proxy/enforce/harmless_names.h"

#include <algorithm>

#include "parser/tree/walker.h"
#include "proxy/enforce/table_changes.h"

namespace pgconsent::enforce {

HarmlessNames::HarmlessNames(const Node* statement, const Generation& generation,
                             const parser::NameResolver* names)
    : generation_(generation), names_(names) {
  if (nodeTag(statement) == T_CreateStmt) {
    const auto* create = parser::as<CreateStmt>(statement);
    add(create->relation);
    parser::for_each(create->tableElts, [&](const Node* element) { this->element(element); });
  } else if (nodeTag(statement) == T_CreateTableAsStmt) {
    add(parser::as<CreateTableAsStmt>(statement)->into->rel);
  } else if (nodeTag(statement) == T_DropStmt) {
    all_ = drops_harmless(parser::as<DropStmt>(statement));
  } else if (nodeTag(statement) == T_CreateSeqStmt || nodeTag(statement) == T_AlterSeqStmt) {
    owned_by_ = true;
  } else if (nodeTag(statement) == T_CommentStmt || nodeTag(statement) == T_GrantStmt) {
    all_ = true;
  } else if (nodeTag(statement) == T_IndexStmt) {
    add_changed(parser::as<IndexStmt>(statement)->relation, statement);
    columns_only_ = is_unprotected(parser::as<IndexStmt>(statement)->relation);
  } else if (nodeTag(statement) == T_CreateStatsStmt) {
    parser::for_each(parser::as<CreateStatsStmt>(statement)->relations, [&](const Node* range) {
      if (nodeTag(range) == T_RangeVar) add_changed(parser::as<RangeVar>(range), statement);
    });
  } else if (nodeTag(statement) == T_RenameStmt) {
    const auto* rename = parser::as<RenameStmt>(statement);
    columns_only_ = rename->renameType == OBJECT_COLUMN && is_unprotected(rename->relation);
    const bool part = rename->renameType == OBJECT_COLUMN || rename->renameType == OBJECT_TABCONSTRAINT;
    if (part && rename->relation != nullptr) add_changed(rename->relation, statement);
  } else if (nodeTag(statement) == T_AlterTableStmt) {
    add_changed(parser::as<AlterTableStmt>(statement)->relation, statement);
    parser::for_each(parser::as<AlterTableStmt>(statement)->cmds, [&](const Node* command) {
      const Node* definition = parser::as<AlterTableCmd>(command)->def;
      if (definition != nullptr) element(definition);
    });
    columns_only_ = names_columns(parser::as<AlterTableStmt>(statement));
  }
}

bool HarmlessNames::contains(const std::vector<parser::Token>& tokens, std::size_t index) const {
  if (columns_only_) return true;
  // A name's location is that of its first part.
  while (index >= 2 && tokens[index - 1].symbol == '.') index -= 2;
  if (owned_by_ && index >= 2 && tokens[index - 1].text == "by" && tokens[index - 2].text == "owned")
    return true;
  return std::find(locations_.begin(), locations_.end(), tokens[index].start) != locations_.end();
}

void HarmlessNames::add(const RangeVar* range) {
  locations_.push_back(range->location);
}

bool HarmlessNames::is_unprotected(const parser::ResolvedName& name) const {
  return name.found() && generation_.reach(name) == parser::RelationReach::none;
}

// They are sent with their schema: see add_schemas().
bool HarmlessNames::is_unprotected(const RangeVar* range) const {
  return names_ != nullptr && range != nullptr && is_unprotected(names_->resolve(*range));
}

// Its expressions can't hold a query.
bool HarmlessNames::names_columns(const AlterTableStmt* alter) const {
  bool columns = is_unprotected(alter->relation);
  parser::for_each(alter->cmds, [&](const Node* node) {
    switch (parser::as<AlterTableCmd>(node)->subtype) {
      case AT_ColumnDefault:
      case AT_DropColumn:
      case AT_SetNotNull:
      case AT_DropNotNull:
      case AT_AlterColumnType:
      case AT_SetStatistics:
      case AT_SetStorage:
        return;
      default:
        columns = false;
    }
  });
  return columns;
}

void HarmlessNames::add_changed(const RangeVar* range, const Node* statement) {
  if (is_unprotected(range) || (names_ != nullptr && is_harmless_change(statement, generation_, *names_)))
    add(range);
}

// No rule names it. Views that conditions, consent or code read: refuse_hop_change().
bool HarmlessNames::is_spare_view(const parser::ResolvedName& name) const {
  if (name.relation == nullptr || name.temporary != nullptr) return false;
  const parser::Relation& view = *name.relation;
  return parser::is_view(view.kind) && generation_.policy().relation(view.oid) == nullptr &&
         !generation_.functions().is_read_for_rows(view.oid) &&
         !generation_.functions().names_for_rows(view.name);
}

// DROP TABLE of tables that only share a protected one's name: temporary ones, or in another schema. DROP
// VIEW, of which CASCADE is sent as RESTRICT: see add_schemas().
bool HarmlessNames::drops_harmless(const DropStmt* drop) const {
  const bool views = drop->removeType == OBJECT_VIEW || drop->removeType == OBJECT_MATVIEW;
  if (names_ == nullptr || (!views && drop->removeType != OBJECT_TABLE)) return false;
  if (!views && drop->behavior == DROP_CASCADE) return false;
  bool harmless = true;
  parser::for_each(drop->objects, [&](const Node* object) {
    const List* name = parser::as<List>(object);
    const parser::ResolvedName found =
        names_->resolve(parser::schema_string(name), parser::last_string(name));
    // A protected one may be found by the time that it runs.
    const bool missing = drop->missing_ok && !found.found() && !found.wrong_database &&
                         !generation_.is_sensitive_name(parser::last_string(name));
    harmless &= name->length < 3 && (missing || (views ? is_spare_view(found) : is_unprotected(found)));
  });
  return harmless;
}

void HarmlessNames::element(const Node* node) {
  if (nodeTag(node) == T_TableLikeClause)  // takes the columns, not the rows
    return add(parser::as<TableLikeClause>(node)->relation);
  if (nodeTag(node) == T_ColumnDef) {
    locations_.push_back(parser::as<ColumnDef>(node)->location);
    parser::for_each(parser::as<ColumnDef>(node)->constraints, [&](const Node* c) { element(c); });
  }
  if (nodeTag(node) != T_Constraint) return;
  const auto* constraint = parser::as<Constraint>(node);
  if (constraint->contype != CONSTR_FOREIGN || constraint->pktable == nullptr) return;
  // Without columns the primary key is meant. A masked column would be asked whether it holds a value.
  // So would a hidden row, whether it is there.
  bool is_public = !generation_.may_hide_rows(constraint->pktable->relname);
  parser::for_each(constraint->pk_attrs,
                   [&](const Node* name) { is_public &= is_public_column(parser::string_value(name)); });
  if (is_public) add(constraint->pktable);
}

bool HarmlessNames::is_public_column(std::string_view name) const {
  for (const auto& [oid, relation] : generation_.policy().relations) {
    for (const rules::ProtectedColumn& column : relation.columns) {
      if (column.name == name && !column.is_public) return false;
    }
  }
  return true;
}

}  // namespace pgconsent::enforce
