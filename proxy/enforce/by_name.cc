#include "proxy/enforce/by_name.h"

#include "parser/tree/walker.h"

namespace pgconsent::enforce {

namespace {

using parser::StatementKind;

// EXECUTE, also inside EXPLAIN and CREATE TABLE AS.
void note_execute(const parser::StatementFacts& facts, Statement& statement) {
  const Node* node = facts.query != nullptr ? facts.query : facts.statement;
  const bool creates = nodeTag(node) == T_CreateTableAsStmt;
  if (creates) node = parser::as<CreateTableAsStmt>(node)->query;
  if (nodeTag(node) != T_ExecuteStmt) return;
  statement.used_name = parser::as<ExecuteStmt>(node)->name;
  if (facts.kind == StatementKind::explain) {
    statement.by_name = ByName::explain_execute;
  } else {
    statement.by_name = facts.kind == StatementKind::execute ? ByName::execute : ByName::execute_into;
  }
}

}  // namespace

void note_names(const parser::StatementFacts& facts, const std::string& text, Statement& statement) {
  if (statement.effects & Effect::names_statement) statement.prepared_name = facts.name;
  if (statement.effects & Effect::names_portal) statement.cursor_name = facts.name;
  statement.runs_later = facts.kind == StatementKind::prepare;
  if (statement.runs_later || facts.kind == StatementKind::declare_cursor) {
    statement.own_text = text.substr(facts.start, facts.end - facts.start);
  }
  if (facts.kind == StatementKind::declare_cursor) {
    const int options = parser::as<DeclareCursorStmt>(facts.statement)->options;
    statement.outlives_transaction = (options & CURSOR_OPT_HOLD) != 0;
  }
  // MOVE too: how far it gets tells what the cursor's rows are.
  if (facts.kind == StatementKind::fetch) {
    statement.by_name = ByName::fetch;
    statement.used_name = facts.name;
  }
  note_execute(facts, statement);
}

void note_sent_text(const parser::StatementFacts& facts, const Plan& plan, Statement& statement) {
  if (statement.own_text.empty()) return;
  if (plan.is_identity) {
    statement.sent_text = statement.own_text;
    return;
  }
  std::int32_t start = facts.start, end = facts.end;
  for (const Edit& edit : plan.edits) {
    const std::int32_t grows = edit.length - (edit.end - edit.start);
    if (edit.end <= facts.start) start += grows;
    if (edit.end <= facts.end) end += grows;
  }
  statement.sent_text = plan.sql.substr(start, end - start);
}

}  // namespace pgconsent::enforce
