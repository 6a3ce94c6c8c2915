#include "proxy/enforce/table_changes.h"

#include <algorithm>

#include "parser/tree/walker.h"

namespace pgconsent::enforce {

bool sets_property(const AlterTableCmd* command) {
  switch (command->subtype) {
    case AT_ColumnDefault:
    case AT_DropNotNull:
    case AT_SetStatistics:
    case AT_SetOptions:
    case AT_ResetOptions:
    case AT_SetStorage:
    case AT_SetCompression:
    case AT_SetRelOptions:
    case AT_ResetRelOptions:
      return true;
    default:
      return false;
  }
}

namespace {

class Change {
 public:
  Change(const rules::ProtectedRelation& relation, const Generation& generation)
      : relation_(relation),
        generation_(generation),
        hides_rows_(std::any_of(relation.columns.begin(), relation.columns.end(), [](const auto& column) {
          return !column.is_public && column.without_basis == rules::WithoutBasis::hide_row;
        })) {}

  bool command(const AlterTableCmd* command) const {
    switch (command->subtype) {
      case AT_AddColumn:
        return new_column(parser::as<ColumnDef>(command->def));
      case AT_AddConstraint:
        return constraint(parser::as<Constraint>(command->def));
      case AT_SetNotNull:
        return command->name != nullptr && keeps_null(command->name);
      case AT_AlterColumnType: {  // a conversion that is written out may fail for chosen rows
        const auto* column = parser::as<ColumnDef>(command->def);
        return command->name != nullptr && column->raw_default == nullptr && is_free(command->name);
      }
      case AT_DropColumn:
        return command->name != nullptr && command->behavior != DROP_CASCADE && is_free(command->name) &&
               !find(command->name)->is_named;  // the rules would not fit any more
      case AT_AddIdentity:
      case AT_SetIdentity:
      case AT_DropIdentity:
        return command->name != nullptr && is_public(std::string_view(command->name));
      case AT_ChangeOwner:
      case AT_DropCluster:
      case AT_EnableRowSecurity:
      case AT_ForceRowSecurity:
        return true;
      default:
        return sets_property(command);
    }
  }

  // Expressions and predicates are computed on the unmasked rows, and fail with what they find there; a
  // unique index tells whether values repeat. Rows come out of an index in its order: beside other columns,
  // or of some rows only, a masked one would put rows in order that a query finds by what is public.
  bool index(const IndexStmt* index) const {
    bool plain = list_length(index->indexParams) == 1 && index->indexIncludingParams == nullptr &&
                 index->whereClause == nullptr;
    if (!plain) plain = names_no_masked(index->indexParams) && names_no_masked(index->indexIncludingParams);
    parser::for_each(index->indexParams, [&](const Node* element) {
      const Node* expression = parser::as<IndexElem>(element)->expr;
      const char* name = parser::as<IndexElem>(element)->name;
      plain &= expression == nullptr || is_public(expression);
      plain &= !index->unique || name == nullptr || is_public(std::string_view(name));
    });
    return plain && (index->whereClause == nullptr || is_public(index->whereClause));
  }

 private:
  bool names_no_masked(const List* elements) const {
    bool all = true;
    parser::for_each(elements, [&](const Node* element) {
      const char* name = parser::as<IndexElem>(element)->name;
      const rules::ProtectedColumn* column = name == nullptr ? nullptr : find(name);
      all &= name == nullptr || (column != nullptr && column->is_public);  // of expressions: see index()
    });
    return all;
  }

  bool new_column(const ColumnDef* column) const {
    bool plain = true;
    parser::for_each(column->constraints, [&](const Node* node) {
      switch (parser::as<Constraint>(node)->contype) {
        case CONSTR_CHECK:
          plain &= is_public(parser::as<Constraint>(node)->raw_expr, column->colname);
          return;
        case CONSTR_NULL:
        case CONSTR_NOTNULL:
        case CONSTR_DEFAULT:
        case CONSTR_IDENTITY:
        case CONSTR_UNIQUE:
        case CONSTR_ATTR_DEFERRABLE:
        case CONSTR_ATTR_NOT_DEFERRABLE:
        case CONSTR_ATTR_DEFERRED:
        case CONSTR_ATTR_IMMEDIATE:
          return;
        case CONSTR_FOREIGN:
          plain &= !cascades(parser::as<Constraint>(node));
          return;
        default:
          plain = false;  // GENERATED looks at other columns
      }
    });
    return plain;
  }

  // It would change rows, and perhaps whom they are about, from another table. Deleting them is harmless.
  static bool cascades(const Constraint* key) {
    auto acts = [](char action) {
      return action != '\0' && action != FKCONSTR_ACTION_NOACTION && action != FKCONSTR_ACTION_RESTRICT;
    };
    return acts(key->fk_upd_action) ||
           (acts(key->fk_del_action) && key->fk_del_action != FKCONSTR_ACTION_CASCADE);
  }

  bool constraint(const Constraint* constraint) const {
    switch (constraint->contype) {
      case CONSTR_UNIQUE:
      case CONSTR_PRIMARY: {
        bool keys = constraint->indexname == nullptr;
        parser::for_each(constraint->keys,
                         [&](const Node* name) { keys &= is_public(parser::string_value(name)); });
        return keys;
      }
      case CONSTR_CHECK:
        return constraint->raw_expr != nullptr && is_public(constraint->raw_expr);
      case CONSTR_FOREIGN: {
        bool keys = !cascades(constraint);
        parser::for_each(constraint->fk_attrs,
                         [&](const Node* name) { keys &= is_public(parser::string_value(name)); });
        return keys;
      }
      default:
        return false;
    }
  }

  // Which cells are NULL shows through the mask in any case.
  bool keeps_null(std::string_view name) const {
    if (hides_rows_) return false;
    return std::any_of(relation_.columns.begin(), relation_.columns.end(), [&](const auto& c) {
      return c.name == name && (c.is_public || (c.mask.kind != rules::Mask::Kind::null &&
                                                c.without_basis == rules::WithoutBasis::mask));
    });
  }

  const rules::ProtectedColumn* find(std::string_view name) const {
    for (const rules::ProtectedColumn& column : relation_.columns) {
      if (column.name == name) return &column;
    }
    return nullptr;
  }

  // Of a hidden row nothing is: a constraint that it does not fit would tell of it.
  bool is_public(std::string_view name) const {
    const rules::ProtectedColumn* column = find(name);
    return !hides_rows_ && column != nullptr && column->is_public;
  }

  // Public, and neither subjects nor consent are read from it.
  bool is_free(std::string_view name) const {
    const rules::ProtectedColumn* column = find(name);
    const auto& deciding = generation_.subject_columns().of(relation_.oid);
    return is_public(name) && !keeps_consent() &&
           std::none_of(deciding.begin(), deciding.end(),
                        [&](const SubjectColumn& c) { return c.attnum == column->attnum; });
  }

  bool keeps_consent() const {
    const auto& kinds = generation_.policy().subjects;
    return std::any_of(kinds.begin(), kinds.end(), [&](const auto& kind) {
      return kind.second.consent && kind.second.consent->relation == relation_.oid;
    });
  }

  // Over public columns only; a whole row is none. NULL stays NULL under most masks. `own`: a column that
  // is only being added.
  bool is_public(const Node* expression, std::string_view own = {}) const {
    if (nodeTag(expression) == T_NullTest && nodeTag(parser::as<NullTest>(expression)->arg) == T_ColumnRef) {
      const List* fields =
          parser::as<ColumnRef>(parser::node_of(parser::as<NullTest>(expression)->arg))->fields;
      return fields->length == 1 && keeps_null(parser::last_string(fields));
    }
    if (nodeTag(expression) == T_ColumnRef) {
      const List* fields = parser::as<ColumnRef>(expression)->fields;
      return fields->length == 1 &&
             (is_public(parser::last_string(fields)) || (!own.empty() && parser::last_string(fields) == own));
    }
    bool all = true;
    const bool known =
        parser::for_each_child(expression, [&](const Node* child) { all &= is_public(child, own); });
    return known && all;
  }

  const rules::ProtectedRelation& relation_;
  const Generation& generation_;
  const bool hides_rows_;
};

}  // namespace

bool is_harmless_change(const Node* statement, const Generation& generation,
                        const parser::NameResolver& names) {
  const RangeVar* range = nullptr;
  if (nodeTag(statement) == T_AlterTableStmt) range = parser::as<AlterTableStmt>(statement)->relation;
  if (nodeTag(statement) == T_IndexStmt) range = parser::as<IndexStmt>(statement)->relation;
  if (range == nullptr) return false;
  const parser::Relation* relation = names.resolve(*range).relation;
  const rules::ProtectedRelation* rules =
      relation == nullptr ? nullptr : generation.policy().relation(relation->oid);
  const bool is_table = relation != nullptr && (relation->kind == parser::RelationKind::table ||
                                                relation->kind == parser::RelationKind::partitioned_table);
  if (rules == nullptr || !is_table) return false;
  const Change change(*rules, generation);
  if (nodeTag(statement) == T_IndexStmt) return change.index(parser::as<IndexStmt>(statement));
  bool harmless = true;
  parser::for_each(parser::as<AlterTableStmt>(statement)->cmds, [&](const Node* command) {
    harmless &= change.command(parser::as<AlterTableCmd>(command));
  });
  return harmless;
}

}  // namespace pgconsent::enforce
