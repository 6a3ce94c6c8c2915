#include "proxy/session/withheld.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <string>

namespace pgconsent::session {

namespace {

bool is_name_byte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || (c & 0x80) != 0;
}

// The functions that a CONTEXT names: PL/pgSQL function public.f(integer) line 3 at RAISE; SQL function "f"
// statement 1. Its words are translated, so a function is whatever stands before a parenthesis or in quotes.
bool any_function(std::string_view context, const std::function<bool(std::string_view)>& holds) {
  for (std::size_t i = 0; i < context.size();) {
    if (context[i] == '"') {
      std::string name;
      for (++i; i < context.size(); ++i) {
        if (context[i] == '"' && (i + 1 == context.size() || context[i + 1] != '"')) break;
        if (context[i] == '"') ++i;
        name.push_back(context[i]);
      }
      ++i;
      if (holds(name)) return true;
    } else if (is_name_byte(context[i])) {
      const std::size_t start = i;
      while (i < context.size() && is_name_byte(context[i])) ++i;
      if (i < context.size() && context[i] == '(' && holds(context.substr(start, i - start))) return true;
    } else {
      ++i;
    }
  }
  return false;
}

void leave_out(wire::ErrorFields& fields, std::string_view codes) {
  std::erase_if(fields, [&](const wire::ErrorField& field) { return codes.find(field.code) != codes.npos; });
}

void replace_message(wire::ErrorFields& fields, std::string_view message) {
  for (wire::ErrorField& field : fields) {
    if (field.code == 'M') field.value = message;
  }
  fields.push_back({'H', "pgconsent withholds the message: it may hold protected data."});
}

// Classes whose messages print values, or the text of dynamic statements.
bool prints_values(std::string_view state) {
  return state.starts_with("22") || state.starts_with("42") || state.starts_with("P0") ||
         state.starts_with("XX") || state.starts_with("0") || state.starts_with("2F");
}

// Invalid or out of range text of a type: messages of input functions.
bool casts(std::string_view state) {
  return state == "22P02" || state == "22P03" || state == "22P05" || state == "22003" || state == "22007" ||
         state == "22008" || state == "22009" || state == "22021" || state == "22032";
}

}  // namespace

Withheld withhold(wire::ErrorFields& fields, const enforce::Planner& planner, bool touched, bool writes) {
  const std::string_view state = field(fields, 'C'), context = field(fields, 'W'),
                         routine = field(fields, 'R');
  const std::string_view severity = field(fields, 'V').empty() ? field(fields, 'S') : field(fields, 'V');
  const bool is_error = severity == "ERROR" || severity == "FATAL" || severity == "PANIC";
  const std::size_t before = fields.size();
  const bool raised = routine == "exec_stmt_raise" || routine == "exec_stmt_assert";
  if (raised) {
    if (any_function(context, [&](std::string_view name) { return planner.messages_may_tell(name); })) {
      if (!is_error) return Withheld::all;
      leave_out(fields, "DHWPpqstcdn");  // RAISE … USING sets all of them
      replace_message(fields, "error raised by code on protected rows");
      return Withheld::parts;
    }
  } else if (any_function(context, [&](std::string_view name) { return planner.errors_may_tell(name); })) {
    if (!is_error) return Withheld::all;
    leave_out(fields, "DHWPpq");
    if (prints_values(state)) replace_message(fields, "error in code on protected rows");
    return Withheld::parts;
  }
  // Checks, policies and trigger conditions of the table see raw rows, and a failing cast in one prints them
  // without saying where. A constant of the client's own has a position, a parameter a context.
  if (writes && is_error && casts(state) && context.empty() && field(fields, 'P').empty()) {
    replace_message(fields, "a value has the wrong form, in the statement or in a check of the table");
    return Withheld::parts;
  }
  // Integrity errors print whole rows ("Failing row contains …"), also of relations that were only touched
  // indirectly.
  if ((state.starts_with("23") || state.starts_with("44")) &&
      !planner.may_print_rows(field(fields, 's'), field(fields, 't'), touched)) {
    leave_out(fields, "DW");
  }
  return fields.size() == before ? Withheld::nothing : Withheld::parts;
}

}  // namespace pgconsent::session
