// Statements that make something under a name, and those that run it later: PREPARE and EXECUTE, DECLARE and
// FETCH.
#pragma once

#include "parser/bind/statement.h"
#include "proxy/enforce/plan.h"

namespace pgconsent::enforce {

// Sets what the statement makes (names, own_text, outlives_transaction) and what it runs (by_name,
// used_name).
void note_names(const parser::StatementFacts& facts, const std::string& text, Statement& statement);

// Sets sent_text, once the edits of the whole text are known.
void note_sent_text(const parser::StatementFacts& facts, const Plan& plan, Statement& statement);

}  // namespace pgconsent::enforce
