#include "parser/bind/statement.h"

#include "parser/tree/walker.h"

namespace pgconsent::parser {

namespace {

std::string_view view(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

std::string_view constant_text(const Node* node) {
  if (nodeTag(node) == T_TypeCast) return constant_text(as<TypeCast>(node)->arg);
  if (nodeTag(node) != T_A_Const || as<A_Const>(node)->isnull) return {};
  const auto* constant = as<A_Const>(node);
  if (nodeTag(&constant->val.node) == T_String) return constant->val.sval.sval;
  if (nodeTag(&constant->val.node) == T_Float) return constant->val.fval.fval;
  if (nodeTag(&constant->val.node) == T_Integer && constant->val.ival.ival == 0) return "0";
  if (nodeTag(&constant->val.node) == T_Integer && constant->val.ival.ival == 1) return "1";
  return {};
}

}  // namespace

void set_facts(const VariableSetStmt* set, StatementFacts& facts) {
  facts.kind = StatementKind::set;
  facts.name = view(set->name);
  facts.reset = set->kind == VAR_RESET || set->kind == VAR_RESET_ALL || set->kind == VAR_SET_DEFAULT;
  if (set->kind == VAR_SET_VALUE) {
    for_each(set->args, [&](const Node* arg) { facts.values.push_back(constant_text(arg)); });
  }
}

const IntoClause* into_clause(const SelectStmt* select) {
  while (select->op != SETOP_NONE) select = select->larg;
  return select->intoClause;
}

namespace {

void transaction_facts(const TransactionStmt* transaction, StatementFacts& facts) {
  facts.kind = StatementKind::transaction;
  switch (transaction->kind) {
    case TRANS_STMT_COMMIT:
    case TRANS_STMT_ROLLBACK:
    case TRANS_STMT_ROLLBACK_TO:
    case TRANS_STMT_PREPARE:
    case TRANS_STMT_COMMIT_PREPARED:
    case TRANS_STMT_ROLLBACK_PREPARED:
      facts.ends_transaction = true;
      break;
    case TRANS_STMT_BEGIN:
    case TRANS_STMT_START:
    case TRANS_STMT_SAVEPOINT:
    case TRANS_STMT_RELEASE:
      break;
  }
}

void copy_facts(const CopyStmt* copy, StatementFacts& facts) {
  facts.copy = copy;
  facts.query = copy->query;
  if (copy->is_from) {
    facts.kind = StatementKind::copy_in;
  } else {
    facts.kind = copy->query != nullptr ? StatementKind::copy_query_out : StatementKind::copy_table_out;
  }
}

void kind_facts(const Node* node, StatementFacts& facts) {
  switch (nodeTag(node)) {
    case T_SelectStmt:
      facts.kind = into_clause(as<SelectStmt>(node)) != nullptr ? StatementKind::create_table_as
                                                                : StatementKind::query;
      facts.query = node;
      return;
    case T_InsertStmt:
    case T_UpdateStmt:
    case T_DeleteStmt:
    case T_MergeStmt:
      facts.kind = StatementKind::modification;
      facts.query = node;
      return;
    case T_ExplainStmt:
      facts.kind = StatementKind::explain;
      facts.query = as<ExplainStmt>(node)->query;
      return;
    case T_DeclareCursorStmt:
      facts.kind = StatementKind::declare_cursor;
      facts.name = view(as<DeclareCursorStmt>(node)->portalname);
      facts.query = as<DeclareCursorStmt>(node)->query;
      return;
    case T_CreateTableAsStmt:
      facts.kind = StatementKind::create_table_as;
      facts.query = as<CreateTableAsStmt>(node)->query;
      return;
    case T_CopyStmt:
      return copy_facts(as<CopyStmt>(node), facts);
    case T_PrepareStmt:
      facts.kind = StatementKind::prepare;
      facts.name = view(as<PrepareStmt>(node)->name);
      facts.query = as<PrepareStmt>(node)->query;
      return;
    case T_ExecuteStmt:
      facts.kind = StatementKind::execute;
      facts.name = view(as<ExecuteStmt>(node)->name);
      return;
    case T_DeallocateStmt:
      facts.kind = StatementKind::deallocate;
      facts.name = view(as<DeallocateStmt>(node)->name);
      facts.all = as<DeallocateStmt>(node)->name == nullptr;
      return;
    case T_FetchStmt:
      facts.kind = StatementKind::fetch;
      facts.name = view(as<FetchStmt>(node)->portalname);
      return;
    case T_ClosePortalStmt:
      facts.kind = StatementKind::close_cursor;
      facts.name = view(as<ClosePortalStmt>(node)->portalname);
      facts.all = as<ClosePortalStmt>(node)->portalname == nullptr;
      return;
    case T_TransactionStmt:
      return transaction_facts(as<TransactionStmt>(node), facts);
    case T_VariableSetStmt:
      return set_facts(as<VariableSetStmt>(node), facts);
    case T_ConstraintsSetStmt:
      facts.kind = StatementKind::notify;
      return;
    case T_VariableShowStmt:
      facts.kind = StatementKind::show;
      facts.name = view(as<VariableShowStmt>(node)->name);
      return;
    case T_DiscardStmt:
      facts.kind = StatementKind::discard;
      facts.all = as<DiscardStmt>(node)->target == DISCARD_ALL;
      return;
    case T_ListenStmt:
    case T_UnlistenStmt:
    case T_NotifyStmt:
    case T_CheckPointStmt:
      facts.kind = StatementKind::notify;
      return;
    case T_LockStmt:
    case T_VacuumStmt:
    case T_TruncateStmt:
    case T_ClusterStmt:
    case T_ReindexStmt:
      facts.kind = StatementKind::lock;
      return;
    case T_DoStmt:
    case T_CallStmt:
      facts.kind = StatementKind::run_code;
      return;
    case T_LoadStmt:
    case T_AlterSystemStmt:
    case T_CreateSubscriptionStmt:
    case T_AlterSubscriptionStmt:
    case T_DropSubscriptionStmt:
    case T_CreatePublicationStmt:
    case T_AlterPublicationStmt:
    case T_ImportForeignSchemaStmt:
    case T_CreateForeignServerStmt:
    case T_AlterForeignServerStmt:
    case T_CreateUserMappingStmt:
    case T_AlterUserMappingStmt:
    case T_CreateFdwStmt:
    case T_AlterFdwStmt:
    case T_CreatePLangStmt:
    case T_CreateExtensionStmt:
    case T_AlterExtensionStmt:
    case T_CreateEventTrigStmt:
    case T_AlterEventTrigStmt:
    case T_SecLabelStmt:
      facts.kind = StatementKind::server;
      return;
    default:
      facts.kind = StatementKind::define;
      return;
  }
}

}  // namespace

StatementFacts statement_facts(const RawStmt* raw, const std::string& text) {
  StatementFacts facts;
  facts.start = raw->stmt_location;
  facts.end = raw->stmt_len > 0 ? raw->stmt_location + raw->stmt_len : static_cast<std::int32_t>(text.size());
  facts.statement = raw->stmt;
  kind_facts(raw->stmt, facts);
  return facts;
}

}  // namespace pgconsent::parser
