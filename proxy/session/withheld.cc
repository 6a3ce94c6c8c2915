#include "proxy/session/withheld.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <string>

#include "parser/names/ascii.h"

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

// Classes and states whose messages are the same whatever the values are.
bool tells_no_value(std::string_view state, std::string_view message) {
  static constexpr std::string_view classes[] = {"08", "21", "23", "25", "34", "3B", "40", "44", "53", "57"};
  static constexpr std::string_view states[] = {"22001", "22012", "42P17", "55P03"};
  if (std::find(std::begin(classes), std::end(classes), state.substr(0, 2)) != std::end(classes)) return true;
  if (std::find(std::begin(states), std::end(states), state) != std::end(states)) return true;
  // "integer out of range", but: value "123" is out of range for type integer.
  return (state == "22003" || state == "22008") && std::all_of(message.begin(), message.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || c == ' ' || c == '/';
         });
}

// Where the server raises it says that no row's expression did: the analysis of the statement, privileges,
// constraints, what is not there.
bool raised_by_statement(const wire::ErrorFields& fields) {
  static constexpr std::string_view files[] = {
      "analyze.c",         "parse_agg.c",    "parse_clause.c",   "parse_merge.c",
      "parse_relation.c",  "parse_target.c", "rewriteHandler.c", "planner.c",
      "nodeModifyTable.c", "execMain.c",     "user.c",           "dropcmds.c",
      "parse_utilcmd.c",   "rls.c"};
  static constexpr std::string_view routines[] = {
      "aclcheck_error",       "DropErrorMsgNonExistent",           "DropErrorMsgWrongType",
      "AfterTriggerSetState", "RememberAllDependentForRebuilding", "ATExecDropColumn"};
  return std::find(std::begin(routines), std::end(routines), field(fields, 'R')) != std::end(routines) ||
         std::find(std::begin(files), std::end(files), field(fields, 'F')) != std::end(files);
}

// Inside of a function that the statement calls: the outermost line of the CONTEXT says so. Only in the
// server's own words: other lines may quote values.
bool inside_function(std::string_view context) {
  const std::size_t line = context.rfind('\n');
  const std::string_view last = line == context.npos ? context : context.substr(line + 1);
  return last.starts_with("PL/pgSQL function ") || last.starts_with("SQL function \"");
}

// "(0,3)": where a row lies, in whatever language it is said.
bool names_tuple(std::string_view line) {
  const auto digits = [&](std::size_t at) {
    while (at < line.size() && line[at] >= '0' && line[at] <= '9') ++at;
    return at;
  };
  for (std::size_t at = line.find('('); at != line.npos; at = line.find('(', at + 1)) {
    const std::size_t comma = digits(at + 1);
    if (comma == at + 1 || comma == line.size() || line[comma] != ',') continue;
    const std::size_t close = digits(comma + 1);
    if (close > comma + 1 && close < line.size() && line[close] == ')') return true;
  }
  return false;
}

// What waited for a row says which one it was.
bool is_about_waiting(std::string_view state) {
  return state.starts_with("40") || state.starts_with("55") || state.starts_with("57");
}

std::string without_tuples(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end == text.npos ? end : end + 1);
    if (!names_tuple(line)) out += line;
    text.remove_prefix(line.size());
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

// False: nothing was left out.
bool leave_out_tuples(wire::ErrorFields& fields, std::deque<std::string>& texts) {
  bool changed = false;
  for (wire::ErrorField& each : fields) {
    if ((each.code != 'D' && each.code != 'W') || !names_tuple(each.value)) continue;
    each.value = texts.emplace_back(without_tuples(each.value));
    changed = true;
  }
  std::erase_if(fields, [](const wire::ErrorField& each) {
    return (each.code == 'D' || each.code == 'W') && each.value.empty();
  });
  return changed;
}

// But for what is said of rows that others hold.
Withheld withhold_values(wire::ErrorFields& fields, const enforce::Planner& planner,
                         const Circumstances& circumstances) {
  const bool touched = circumstances.touched, utf8 = circumstances.utf8;
  const std::string_view state = field(fields, 'C'), context = field(fields, 'W'),
                         routine = field(fields, 'R');
  const std::string_view severity = field(fields, 'V').empty() ? field(fields, 'S') : field(fields, 'V');
  const bool is_error = severity == "ERROR" || severity == "FATAL" || severity == "PANIC";
  const std::size_t before = fields.size();
  const enforce::Plan* plan = circumstances.plan;
  const auto is_unknown = [&](std::string_view name) {
    return circumstances.renamed || (!utf8 && !parser::is_ascii(name));
  };
  const auto prints_rows = [&] {
    return !(circumstances.renamed && touched) &&
           planner.may_print_rows(field(fields, 's'), field(fields, 't'), touched, plan);
  };
  // A row that may not be printed may not tell by its characters either.
  const auto hides_row = [&] {
    const bool prints_row = state == "23502" || state == "23514" || state == "23P01" || state == "44000";
    return prints_row && !prints_rows();
  };
  const bool untranslatable = circumstances.writes && routine == "report_untranslatable_char";
  if (!utf8 && is_error && (untranslatable || hides_row())) {
    leave_out(fields, "DHWPpqstcdn");
    for (wire::ErrorField& each : fields) {
      if (each.code == 'C') each.value = "23000";
    }
    replace_message(
        fields, "a row violates a constraint, or holds a character that the client's encoding does not have");
    return Withheld::parts;
  }
  const bool raised = routine == "exec_stmt_raise" || routine == "exec_stmt_assert";
  if (raised) {
    if (any_function(context, [&](std::string_view name) {
          return is_unknown(name) || planner.messages_may_tell(name, plan);
        })) {
      if (!is_error) return Withheld::all;
      leave_out(fields, "DHWPpqstcdn");  // RAISE … USING sets all of them
      replace_message(fields, "error raised by code on protected rows");
      return Withheld::parts;
    }
  } else if (any_function(context, [&](std::string_view name) {
               return is_unknown(name) || planner.errors_may_tell(name, plan);
             })) {
    if (!is_error) return Withheld::all;
    leave_out(fields, "DHWPpq");
    if (prints_values(state)) replace_message(fields, "error in code on protected rows");
    return Withheld::parts;
  }
  // What fails in a check or a policy prints what it has read, and doesn't say where. A constant of the
  // client's own has a position.
  if (circumstances.row_code && !raised && field(fields, 'P').empty() &&
      !tells_no_value(state, field(fields, 'M')) && !raised_by_statement(fields) &&
      !inside_function(context)) {
    if (!is_error) return Withheld::all;
    leave_out(fields, "DHWpqdc");
    replace_message(fields, state.starts_with("22")
                                ? "a value has the wrong form, in the statement or in a check of the table"
                                : "an expression failed, in the statement or in a check of the table");
    return Withheld::parts;
  }
  // Integrity errors print whole rows ("Failing row contains …"), also of relations that were only touched
  // indirectly.
  if ((state.starts_with("23") || state.starts_with("44")) && !prints_rows()) {
    const bool prints_key = !raised && !circumstances.renamed;
    const enforce::PrintedKey key{state, field(fields, 's'), field(fields, 't'), field(fields, 'n'),
                                  field(fields, 'D')};
    const bool may_tell = prints_key && planner.may_print_key(key, plan);
    leave_out(fields, may_tell ? "W" : "DW");
  }
  return fields.size() == before ? Withheld::nothing : Withheld::parts;
}

}  // namespace

Withheld withhold(wire::ErrorFields& fields, const enforce::Planner& planner,
                  const Circumstances& circumstances, std::deque<std::string>& texts) {
  const Withheld withheld = withhold_values(fields, planner, circumstances);
  const bool tells = circumstances.touched && is_about_waiting(field(fields, 'C'));
  const bool changed = tells && leave_out_tuples(fields, texts);
  return withheld == Withheld::nothing && changed ? Withheld::parts : withheld;
}

}  // namespace pgconsent::session
