// What an error or a notice may not say: messages of code that reads unmasked rows, and rows of protected
// tables.
#pragma once

#include "proxy/enforce/plan.h"
#include "proxy/wire/backend/error_response.h"

namespace pgconsent::session {

enum class Withheld {
  nothing,
  parts,  // fields were changed or left out; SQLSTATE and the names of constraints stay
  all,    // a notice: not to be sent at all
};

// `touched`: the transaction has read or written protected relations. `row_code`: with the statement run
// checks, policies or the like that see raw rows. `utf8`: the client's encoding; in others a function can't be
// told by a name that is not ASCII.
Withheld withhold(wire::ErrorFields& fields, const enforce::Planner& planner, bool touched, bool row_code,
                  bool utf8);

}  // namespace pgconsent::session
