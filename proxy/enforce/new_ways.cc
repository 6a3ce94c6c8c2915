// Definitions by which more statements would write to protected rows, or meet errors of what reads them. Code
// and temporary relations that were judged before them could not know.
#include "parser/tree/walker.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

bool acts(char action) {
  return action == FKCONSTR_ACTION_CASCADE || action == FKCONSTR_ACTION_SETNULL ||
         action == FKCONSTR_ACTION_SETDEFAULT;
}

bool is_written_with_protected(std::string_view relation, const Generation& generation) {
  return generation.functions().names_what_code_may_not_write(relation);
}

class NewWay {
 public:
  NewWay(const Generation& generation, const parser::NameResolver* names)
      : generation_(generation), names_(names) {}

  // The relation to which the command makes a way from another one.
  std::string_view reached_by(const AlterTableStmt* alter, const AlterTableCmd* command) const {
    switch (command->subtype) {
      case AT_AttachPartition:
        return parser::as<PartitionCmd>(command->def)->name->relname;
      case AT_AddInherit:
        return alter->relation->relname;
      default:
        return carries_on(command->def) ? std::string_view(alter->relation->relname) : std::string_view();
    }
  }

 private:
  // A foreign key that carries changes on, of a table from which none went there before.
  bool carries_on(const Node* node) const {
    if (node == nullptr) return false;
    if (nodeTag(node) == T_ColumnDef) {
      bool any = false;
      parser::for_each(parser::as<ColumnDef>(node)->constraints,
                       [&](const Node* constraint) { any |= carries_on(constraint); });
      return any;
    }
    if (nodeTag(node) != T_Constraint) return false;
    const auto* constraint = parser::as<Constraint>(node);
    return constraint->contype == CONSTR_FOREIGN && constraint->pktable != nullptr &&
           (acts(constraint->fk_upd_action) || acts(constraint->fk_del_action)) &&
           !is_known_way(*constraint->pktable);
  }

  bool is_known_way(const RangeVar& from) const {
    const parser::Relation* relation = names_ == nullptr ? nullptr : names_->resolve(from).relation;
    return relation != nullptr && generation_.functions().writing_reaches_protected(relation->oid);
  }

  const Generation& generation_;
  const parser::NameResolver* names_;
};

}  // namespace

std::optional<parser::SqlError> refuse_new_way(const Node* statement, const Generation& generation,
                                               const parser::NameResolver* names) {
  const parser::FunctionReach& functions = generation.functions();
  std::optional<parser::SqlError> error;
  const auto reach = [&](std::string_view name) {
    if (is_written_with_protected(name, generation) || functions.names_what_may_fail_on_rows(name))
      error = unsupported(
          "\"" + std::string(name) + "\" can't be renamed, or written with another table, through the proxy",
          nodeTag(statement) == T_RenameStmt
              ? "Protected rows are changed or read with it, and code that knows it by its name was judged "
                "so. "
                "Let a DBA rename it."
              : "Protected rows are changed or read with it, and code that writes to the other one would do "
                "it, "
                "too. Leave the foreign key without an action, or let a DBA make the change.");
  };
  // Its defaults and checks would run for another table.
  const auto copy = [&](const RangeVar* relation) {
    if (functions.names_what_is_dangerous_to_write(relation->relname))
      error = unsupported("\"" + std::string(relation->relname) + "\" can't be copied with its code",
                          "It runs code that may read protected data. Name the columns.");
  };
  switch (nodeTag(statement)) {
    case T_AlterTableStmt: {
      const auto* alter = parser::as<AlterTableStmt>(statement);
      const NewWay way(generation, names);
      parser::for_each(alter->cmds, [&](const Node* command) {
        reach(way.reached_by(alter, parser::as<AlterTableCmd>(command)));
      });
      break;
    }
    case T_RenameStmt:
      if (renames_relation(parser::as<RenameStmt>(statement)))
        reach(parser::as<RenameStmt>(statement)->relation->relname);
      break;
    case T_CreateSchemaStmt:
      parser::for_each(parser::as<CreateSchemaStmt>(statement)->schemaElts, [&](const Node* element) {
        if (!error) error = refuse_new_way(element, generation, names);
      });
      break;
    case T_CreateStmt: {
      const auto* create = parser::as<CreateStmt>(statement);
      parser::for_each(create->inhRelations, [&](const Node* parent) { copy(parser::as<RangeVar>(parent)); });
      parser::for_each(create->tableElts, [&](const Node* element) {
        if (nodeTag(element) == T_TableLikeClause && parser::as<TableLikeClause>(element)->options != 0)
          copy(parser::as<TableLikeClause>(element)->relation);
      });
      break;
    }
    default:
      break;
  }
  return error;
}

}  // namespace pgconsent::enforce
