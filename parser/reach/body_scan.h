// What the text of a SQL or PL/pgSQL function says by its tokens alone. Deliberately coarse: it may see too
// much, it must not miss anything.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgconsent::parser {

struct BodyFacts {
  // Dangerous by itself, whatever the catalog holds: dynamic SQL, COPY, DDL, text that does not scan. Ends a
  // sentence that starts with the function's name: "runs dynamic SQL".
  std::optional<std::string> danger;
  bool may_change_state = false;  // search path, role, settings, temporary tables
  bool raises_values = false;     // RAISE, ASSERT with more than a constant message
  bool makes_tables = false;      // temporary ones, or such as the snapshot does not know
  bool writes = false;            // INSERT, UPDATE, DELETE, MERGE, TRUNCATE: runs triggers, defaults, checks
  std::vector<std::string> changes;  // relations behind UPDATE, DELETE, MERGE, TRUNCATE, INSERT … ON CONFLICT
  std::vector<std::string> relations;  // whatever may be one, with its schema where that is written
  std::vector<std::string> made;       // relations that it may make, by name
  std::vector<std::string> names;      // whatever may be a relation or a type, sorted, each once
  std::vector<std::string> calls;      // whatever may be a function: name( or .name
  std::vector<std::string> operators;  // || ->> …
};

// How `changes` and `relations` spell one with its schema. Dots in names make two of these alike at worst.
std::string with_schema(std::string_view schema, std::string_view name);

// `language` is sql or plpgsql. A parsed SQL-standard body is as good as its text.
BodyFacts scan_body(std::string_view language, const std::string& body);

// May a function or a statement of the application set this by name? Not those that change how the server
// reads SQL, or that pgconsent relies on.
bool is_settable(std::string_view setting);

}  // namespace pgconsent::parser
