#include "proxy/enforce/definitions.h"

#include "parser/tree/walker.h"

namespace pgconsent::enforce {

void Definitions::note(const parser::StatementFacts& facts) {
  if (facts.kind == parser::StatementKind::transaction) return;
  switch (nodeTag(facts.statement)) {
    case T_CreateStmt:
      relations_.emplace_back(parser::as<CreateStmt>(facts.statement)->relation->relname);
      return;
    case T_CreateTableAsStmt:
      relations_.emplace_back(parser::as<CreateTableAsStmt>(facts.statement)->into->rel->relname);
      return;
    case T_ViewStmt:
      relations_.emplace_back(parser::as<ViewStmt>(facts.statement)->view->relname);
      return;
    case T_SelectStmt:
      if (const IntoClause* into = parser::as<SelectStmt>(facts.statement)->intoClause; into != nullptr) {
        relations_.emplace_back(into->rel->relname);
      }
      return;
    case T_CreateSeqStmt:
      relations_.emplace_back(parser::as<CreateSeqStmt>(facts.statement)->sequence->relname);
      return;
    case T_IndexStmt:
    case T_CreateSchemaStmt:
    case T_GrantStmt:
    case T_CommentStmt:
    case T_AlterTableStmt:
    case T_CreateEnumStmt:
    case T_AlterSeqStmt:
    case T_CreateFunctionStmt:  // its body was judged
    case T_DropStmt:
      return;
    default:
      change_code_ |= facts.kind == parser::StatementKind::define ||
                      facts.kind == parser::StatementKind::server ||
                      facts.kind == parser::StatementKind::run_code;
  }
}

}  // namespace pgconsent::enforce
