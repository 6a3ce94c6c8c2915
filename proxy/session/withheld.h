// What an error or a notice may not say: messages of code that reads unmasked rows, and rows of protected
// tables.
#pragma once

#include <deque>
#include <string>

#include "proxy/enforce/plan.h"
#include "proxy/wire/backend/error_response.h"

namespace pgconsent::session {

enum class Withheld {
  nothing,
  parts,  // fields were changed or left out; SQLSTATE and the names of constraints stay
  all,    // a notice: not to be sent at all
};

// When a message comes.
struct Circumstances {
  bool touched = false;   // the transaction has read or written protected relations
  bool writes = false;    // the statement does, or checks what an earlier one has written
  bool row_code = false;  // checks, policies or the like that see raw rows run with the statement
  // The client's encoding. In others a function can't be told by a name that is not ASCII, and the server
  // fails at what it can't convert, be it a row in a message.
  bool utf8 = true;
  const enforce::Plan* plan = nullptr;  // of the statement
  bool renamed = false;                 // what things are called is not known
};

// `texts` holds what is new in the fields.
Withheld withhold(wire::ErrorFields& fields, const enforce::Planner& planner,
                  const Circumstances& circumstances, std::deque<std::string>& texts);

}  // namespace pgconsent::session
