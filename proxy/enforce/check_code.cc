#include "proxy/enforce/function_rules.h"
#include "proxy/enforce/query_rewriter.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

// What the statement is made of: kinds of node, functions, operators, casts and types.
bool QueryRewriter::check_code(const Node* node, Statement& statement) {
  parser::collect_references(node, references_);
  if (references_.too_deep) {
    refuse(statement, {std::string(parser::sqlstate::statement_too_complex),
                       "pgconsent: the statement is nested too deeply",
                       {},
                       {},
                       0});
  } else if (references_.unknown_node != 0) {
    refuse(statement, unsupported("the statement has a part that is not supported (node " +
                                  std::to_string(references_.unknown_node) + ")"));
  } else {
    FunctionVerdict functions = judge_functions(references_, generation_, names_);
    if (functions.refusal) refuse(statement, std::move(*functions.refusal), functions.location);
    if (functions.may_change_state) statement.effects |= Effect::changes_state | Effect::runs_early;
    statement.decided_by_constant |= functions.by_constant;
    shows_sent_text_ = functions.shows_sent_text;
    names_unknown_ = functions.names_unknown;
  }
  return !statement.refusal;
}

}  // namespace pgconsent::enforce
