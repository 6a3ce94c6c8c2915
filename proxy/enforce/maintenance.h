// LOCK, VACUUM, ANALYZE, TRUNCATE, CLUSTER, REINDEX: they show no rows, so protected tables may be named.
// What may still reach the client is an error or what a trigger runs.
#pragma once

#include <optional>

#include "parser/bind/statement.h"
#include "parser/names/sql_error.h"
#include "proxy/enforce/generation.h"
#include "proxy/enforce/plan.h"

namespace pgconsent::enforce {

// Sets `statement`'s decision and audited tables where protected ones are rewritten or emptied, or its
// refusal. False: a name can't be resolved; judge the statement by its words.
bool decide_maintenance(const parser::StatementFacts& facts, const Generation& generation,
                        const parser::NameResolver& names, Statement& statement);

}  // namespace pgconsent::enforce
