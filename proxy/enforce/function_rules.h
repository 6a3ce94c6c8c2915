// Which functions, operators, casts and types may a statement use? Decided by what the catalog says may be
// meant, never by one resolution of a name: the server's plan cache resolves names again.
#pragma once

#include <optional>

#include "parser/bind/references.h"
#include "parser/names/sql_error.h"
#include "proxy/enforce/generation.h"

namespace pgconsent::enforce {

struct FunctionVerdict {
  std::optional<parser::SqlError> refusal;
  int location = -1;              // byte offset that the refusal is about
  bool names_unknown = false;     // a function that the catalog does not have: it may be new
  bool may_change_state = false;  // search path, role, settings, temporary objects
  bool shows_sent_text = false;   // current_query(): only where nothing was edited
  bool by_constant = false;       // a constant's value decided: another one may be judged otherwise
};

FunctionVerdict judge_functions(const parser::References& references, const Generation& generation,
                                const parser::NameResolver& names);

}  // namespace pgconsent::enforce
