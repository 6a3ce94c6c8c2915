#include "parser/tree/raw_tree.h"
#include "parser/tree/walker.h"
#include "proxy/enforce/plan_builder.h"

namespace pgconsent::enforce {

std::shared_ptr<Plan> refuse_all(std::string_view text, const parser::SqlError& error) {
  auto plan = std::make_shared<Plan>();
  plan->original = text;
  parser::RawTree tree;
  parser::SqlError parse_error;
  Statement statement;
  if (!parser::RawTree::parse(plan->original, tree, parse_error)) {
    statement.refusal = parse_error;
    plan->sql = refusal_statement(0, true);
  } else {
    const bool only_transaction_control = [&] {
      bool only = true;
      parser::for_each(tree.statements(), [&](const Node* raw) {
        only &= nodeTag(parser::as<RawStmt>(raw)->stmt) == T_TransactionStmt;
      });
      return only;
    }();
    if (only_transaction_control) {
      plan->statements.change().resize(list_length(tree.statements()));
      for (Statement& s : plan->statements.change()) s.effects = Effect::ends_transaction;
      return plan;
    }
    statement.refusal = error;
    plan->sql = refusal_statement(0, false);
  }
  statement.decision = Decision::refused;
  statement.audit.reason = statement.refusal->message;
  plan->statements.add(std::move(statement));
  plan->is_identity = false;
  return plan;
}

}  // namespace pgconsent::enforce
