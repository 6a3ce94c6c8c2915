// What is known by hand about the functions and relations that come with the server, and about extensions.
#pragma once

#include <string_view>

#include "parser/catalog/snapshot.h"

namespace pgconsent::parser {

// Built-in functions that need a decision where they are called.
enum class SpecialFunction {
  none,
  current_query,   // the text that was sent, not the client's: refuse, or answer with the client's own text
  opens_by_name,   // currtid2: opens a relation by name, shows a ctid only
  large_object,    // outside the column policy
  own_statements,  // pg_cursor, pg_prepared_statement: the sent text
  notify,          // pg_notify
  set_config,      // only with a constant name that is_settable()
};
SpecialFunction special_function(const Function& function);
// Harmless only where the call itself can be judged: inside an object that calls it (a domain's check, a
// default, a view) it changes how SQL is read, or shows the sent text.
bool is_unsafe_inside(SpecialFunction special);

// Why this built-in function may not be called ("runs SQL text given as an argument"); empty when it may. An
// overload of a denied function that a newer server brings is denied as well.
std::string_view denied_builtin(const Function& function);

enum class CatalogAction { none, deny, blank_columns };
struct CatalogRule {
  std::string_view name;
  CatalogAction action = CatalogAction::none;
  std::string_view columns;  // blank_columns: their names, with blanks between
  // Those that would tell of relations read for the rows of a statement only whether it has found any.
  std::string_view columns_of_guards = {};
};
// Null when the relation may be read as it is. By name alone, for function bodies and extensions' views.
const CatalogRule* catalog_rule(std::string_view name);

// A range type's constructor, or a C or internal function of an extension whose functions see their arguments
// only. In other languages whoever owns the extension may have added it.
bool is_pure_native(const Function& function);
// One that reads relations, files, pages or other sessions: all its functions are dangerous.
bool is_reading_extension(std::string_view extension);

}  // namespace pgconsent::parser
