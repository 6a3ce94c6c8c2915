#include "proxy/enforce/table_changes.h"

#include <algorithm>
#include <set>

#include "parser/tree/raw_tree.h"
#include "parser/tree/walker.h"
#include "proxy/enforce/public_columns.h"

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
  Change(const rules::ProtectedRelation& relation, const parser::Relation& table,
         const Generation& generation)
      : relation_(relation), table_(table), generation_(generation), columns_(relation) {}

  bool commands(const List* commands) {
    parser::for_each(commands, [&](const Node* node) {
      const auto* command = parser::as<AlterTableCmd>(node);
      if (command->subtype == AT_AddConstraint && parser::as<Constraint>(command->def)->conname != nullptr)
        new_constraints_.insert(parser::as<Constraint>(command->def)->conname);
      if (command->subtype != AT_AddColumn || command->missing_ok) return;  // it may be there, unknown here
      columns_.add(parser::as<ColumnDef>(command->def)->colname);
    });
    bool harmless = true;
    parser::for_each(commands,
                     [&](const Node* node) { harmless &= command(parser::as<AlterTableCmd>(node)); });
    return harmless;
  }

  // Plans made before fail, or find another column that is public.
  bool rename(const RenameStmt* rename) const {
    if (rename->renameType == OBJECT_TABCONSTRAINT) return true;
    const char* const name = rename->renameType == OBJECT_COLUMN ? rename->subname : nullptr;
    return name != nullptr && columns_.is_public(std::string_view(name)) && is_spare(name) &&
           !changes_meaning(name) && !changes_meaning(rename->newname);
  }

  // CASCADE is sent as RESTRICT: see add_schemas().
  bool command(const AlterTableCmd* command) const {
    switch (command->subtype) {
      case AT_AddColumn:
        return new_column(parser::as<ColumnDef>(command->def), command->missing_ok);
      case AT_AddConstraint:
        return constraint(parser::as<Constraint>(command->def));
      case AT_SetNotNull:
        return command->name != nullptr && columns_.keeps_null(command->name);
      case AT_AlterColumnType:
        return command->name != nullptr && is_free(command->name) && !meets_masked(command->name) &&
               !changes_meaning(command->name) &&
               only_casts(parser::as<ColumnDef>(command->def)->raw_default, command->name);
      case AT_ValidateConstraint:
        return command->name != nullptr &&
               (new_constraints_.contains(command->name) || validated(find_constraint(command->name)));
      case AT_DropConstraint:
        return command->name != nullptr && dropped(command);
      case AT_DropColumn:
        return command->name != nullptr && (table_.column(std::string_view(command->name)) == nullptr ||
                                            (is_spare(command->name) && !changes_meaning(command->name)));
      case AT_AddIdentity:
      case AT_SetIdentity:
      case AT_DropIdentity:
        return command->name != nullptr && columns_.is_public(std::string_view(command->name));
      case AT_ChangeOwner:
      case AT_DropCluster:
      case AT_EnableRowSecurity:
      case AT_ForceRowSecurity:
      case AT_ReplicaIdentity:  // only what the server's log holds
      case AT_SetLogged:
      case AT_SetUnLogged:
      case AT_SetTableSpace:
      case AT_EnableTrig:  // disabled ones count as enabled
      case AT_EnableTrigUser:
        return true;
      case AT_DisableRowSecurity:  // its rows are masked, hidden by policies before or not
      case AT_NoForceRowSecurity:
        return !keeps_consent();
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
      plain &= expression == nullptr || columns_.is_public(expression);
      plain &= !index->unique || name == nullptr || columns_.is_public(std::string_view(name));
    });
    return plain && (index->whereClause == nullptr || columns_.is_public(index->whereClause));
  }

  bool statistics(const CreateStatsStmt* statistics) const {
    bool plain = true;
    parser::for_each(statistics->exprs, [&](const Node* node) {
      const auto* element = parser::as<StatsElem>(node);
      plain &= element->expr == nullptr
                   ? element->name != nullptr && columns_.is_public(std::string_view(element->name))
                   : columns_.is_public(element->expr);
    });
    return plain;
  }

 private:
  bool names_no_masked(const List* elements) const {
    bool all = true;
    parser::for_each(elements, [&](const Node* element) {
      const char* name = parser::as<IndexElem>(element)->name;
      const rules::ProtectedColumn* column = name == nullptr ? nullptr : columns_.find(name);
      all &= name == nullptr || (column != nullptr && column->is_public);  // of expressions: see index()
    });
    return all;
  }

  // Do children have such a column? It would become one with the new one.
  bool is_inherited_by(const parser::Relation& relation, std::string_view name) const {
    return std::any_of(relation.children.begin(), relation.children.end(), [&](parser::Oid oid) {
      const parser::Relation* child = generation_.catalog().relation(oid);
      return child == nullptr || child->column(name) != nullptr || is_inherited_by(*child, name);
    });
  }

  // `perhaps`: IF NOT EXISTS, in spite of which indexes and constraints are made.
  bool new_column(const ColumnDef* column, bool perhaps) const {
    const std::string_view name = column->colname;
    if (perhaps && !columns_.is_public(name) && column->constraints != nullptr &&
        !has_values_only(column->constraints))
      return false;
    const bool is_there = perhaps && table_.column(name) != nullptr;
    if (!is_there && is_inherited_by(table_, name)) return false;
    bool plain = !changes_meaning(name) || (is_there && has_values_only(column->constraints));
    parser::for_each(column->constraints, [&](const Node* node) {
      switch (parser::as<Constraint>(node)->contype) {
        case CONSTR_CHECK:
          plain &= columns_.is_public(parser::as<Constraint>(node)->raw_expr);
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
        case CONSTR_GENERATED: {  // from other columns
          const Node* expression = parser::as<Constraint>(node)->raw_expr;
          plain &= expression != nullptr && columns_.is_public(expression);
          return;
        }
        default:
          plain = false;
      }
    });
    return plain;
  }

  // Code on unmasked rows takes columns by this name, or all of them by their order.
  bool changes_meaning(std::string_view column) const {
    return generation_.functions().changes_meaning(table_.oid, column);
  }

  // What a column that is there already does not get.
  static bool has_values_only(const List* constraints) {
    bool only = true;
    parser::for_each(constraints, [&](const Node* node) {
      const ConstrType type = parser::as<Constraint>(node)->contype;
      only &= type == CONSTR_NULL || type == CONSTR_NOTNULL || type == CONSTR_DEFAULT;
    });
    return only;
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
        if (constraint->indexname != nullptr)
          return !constraint->deferrable && has_key(constraint->indexname);
        bool keys = true;
        parser::for_each(constraint->keys,
                         [&](const Node* name) { keys &= columns_.is_public(parser::string_value(name)); });
        return keys;
      }
      case CONSTR_CHECK:
        return constraint->raw_expr != nullptr && columns_.is_public(constraint->raw_expr);
      case CONSTR_FOREIGN: {
        bool keys = !cascades(constraint) && !generation_.may_hide_rows(constraint->pktable->relname);
        parser::for_each(constraint->fk_attrs,
                         [&](const Node* name) { keys &= columns_.is_public(parser::string_value(name)); });
        return keys;
      }
      default:
        return false;
    }
  }

  // A unique index that is there already has told what the constraint would.
  bool has_key(std::string_view index) const {
    return std::any_of(table_.unique_keys.begin(), table_.unique_keys.end(), [&](const auto& key) {
      return key.index == index && relation_.shows_all(key.attnums);
    });
  }

  const parser::TableConstraint* find_constraint(std::string_view name) const {
    for (const parser::TableConstraint& constraint : table_.constraints) {
      if (constraint.name == name) return &constraint;
    }
    return nullptr;
  }

  // Nothing is shown by that; but subjects may be found by it, and what it kept out may decide about them.
  bool dropped(const AlterTableCmd* command) const {
    const parser::TableConstraint* constraint = find_constraint(command->name);
    if (constraint == nullptr) return command->missing_ok;
    if (keeps_consent()) return false;
    const auto& columns = constraint->attnums;
    auto decides = [&](parser::AttrNumber attnum) { return attnum == 0 || this->decides(attnum); };
    switch (constraint->type) {
      case 'c':
      case 'f':
        return std::none_of(columns.begin(), columns.end(), decides);
      case 'u':
      case 'x':  // a key over more than what subjects are found by does not make these unique
        return !std::all_of(columns.begin(), columns.end(), decides);
      default:  // a primary key is public for being one
        return false;
    }
  }

  // It asks of the rows that are there what it would have asked had it been added without NOT VALID.
  bool validated(const parser::TableConstraint* constraint) const {
    if (constraint == nullptr) return false;
    if (constraint->type == 'c') {
      const auto& functions = table_.implicit_functions;
      return check_is_public(constraint->check) &&
             std::none_of(functions.begin(), functions.end(),
                          [&](parser::Oid oid) { return generation_.functions().is_dangerous(oid); });
    }
    if (constraint->type != 'f' || !relation_.shows_all(constraint->attnums)) return false;
    const rules::ProtectedRelation* target = generation_.policy().relation(constraint->target);
    return target == nullptr || target->shows_all(constraint->target_attnums);
  }

  bool check_is_public(const std::string& check) const {
    parser::RawTree tree;
    parser::SqlError error;
    if (check.empty() || !parser::RawTree::parse("SELECT " + check, tree, error)) return false;
    if (list_length(tree.statements()) != 1) return false;
    const Node* statement = parser::as<RawStmt>(static_cast<const Node*>(linitial(tree.statements())))->stmt;
    if (nodeTag(statement) != T_SelectStmt) return false;
    const List* targets = parser::as<SelectStmt>(statement)->targetList;
    return list_length(targets) == 1 &&
           columns_.is_public(parser::as<ResTarget>(static_cast<const Node*>(linitial(targets)))->val);
  }

  // No rule names it, which would not fit any more.
  bool is_spare(std::string_view name) const {
    return decides_nothing(name) && !columns_.find(name)->is_named;
  }

  bool is_free(std::string_view name) const { return columns_.is_public(name) && decides_nothing(name); }

  // Neither subjects nor consent are read from it.
  bool decides_nothing(std::string_view name) const {
    const rules::ProtectedColumn* column = columns_.find(name);
    return column != nullptr && !keeps_consent() && !decides(column->attnum) &&
           !generation_.conditions().reads(relation_.oid, column->attnum);
  }

  // Is there an expression over it and a masked column? It is parsed anew for another type, and means the
  // operators and functions that are found then.
  bool meets_masked(std::string_view name) const {
    std::vector<parser::AttrNumber> named = table_.implicit_columns;
    named.insert(named.end(), table_.policy_columns.begin(), table_.policy_columns.end());
    const auto any = [&](auto test) { return std::any_of(named.begin(), named.end(), test); };
    const parser::AttrNumber attnum = columns_.find(name)->attnum;
    return any([&](parser::AttrNumber each) { return each == attnum || each == 0; }) &&
           any([&](parser::AttrNumber each) {
             const rules::ProtectedColumn* column = relation_.column(each);
             return column == nullptr || !column->is_public;
           });
  }

  // Subjects are read from it.
  bool decides(parser::AttrNumber attnum) const {
    const auto& deciding = generation_.subject_columns().of(relation_.oid);
    return std::any_of(deciding.begin(), deciding.end(),
                       [&](const SubjectColumn& column) { return column.attnum == attnum; });
  }

  bool keeps_consent() const {
    const auto& kinds = generation_.policy().subjects;
    return std::any_of(kinds.begin(), kinds.end(), [&](const auto& kind) {
      return kind.second.consent && kind.second.consent->relation == relation_.oid;
    });
  }

  // Another expression may fail for chosen rows.
  static bool only_casts(const Node* expression, std::string_view column) {
    if (expression == nullptr) return true;
    if (nodeTag(expression) == T_TypeCast) return only_casts(parser::as<TypeCast>(expression)->arg, column);
    if (nodeTag(expression) != T_ColumnRef) return false;
    const List* fields = parser::as<ColumnRef>(expression)->fields;
    return fields->length == 1 && parser::last_string(fields) == column;
  }

  const rules::ProtectedRelation& relation_;
  const parser::Relation& table_;
  const Generation& generation_;
  PublicColumns columns_;
  std::set<std::string_view> new_constraints_;  // that the statement adds: judged as such
};

}  // namespace

bool is_harmless_change(const Node* statement, const Generation& generation,
                        const parser::NameResolver& names) {
  const RangeVar* range = nullptr;
  if (nodeTag(statement) == T_AlterTableStmt) range = parser::as<AlterTableStmt>(statement)->relation;
  if (nodeTag(statement) == T_IndexStmt) range = parser::as<IndexStmt>(statement)->relation;
  if (nodeTag(statement) == T_RenameStmt) range = parser::as<RenameStmt>(statement)->relation;
  if (nodeTag(statement) == T_CreateStatsStmt) {
    const List* relations = parser::as<CreateStatsStmt>(statement)->relations;
    const Node* only = list_length(relations) == 1 ? static_cast<const Node*>(linitial(relations)) : nullptr;
    if (only != nullptr && nodeTag(only) == T_RangeVar) range = parser::as<RangeVar>(only);
  }
  if (range == nullptr) return false;
  const parser::Relation* relation = names.resolve(*range).relation;
  const rules::ProtectedRelation* rules =
      relation == nullptr ? nullptr : generation.policy().relation(relation->oid);
  const bool is_table = relation != nullptr && (relation->kind == parser::RelationKind::table ||
                                                relation->kind == parser::RelationKind::partitioned_table);
  if (rules == nullptr || !is_table) return false;
  Change change(*rules, *relation, generation);
  if (nodeTag(statement) == T_IndexStmt) return change.index(parser::as<IndexStmt>(statement));
  if (nodeTag(statement) == T_RenameStmt) return change.rename(parser::as<RenameStmt>(statement));
  if (nodeTag(statement) == T_CreateStatsStmt)
    return change.statistics(parser::as<CreateStatsStmt>(statement));
  return change.commands(parser::as<AlterTableStmt>(statement)->cmds);
}

}  // namespace pgconsent::enforce
