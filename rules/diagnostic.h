// A problem in a file that a person wrote, with the place to look at. All problems are reported at once.
#pragma once

#include <string>
#include <vector>

namespace pgconsent::rules {

struct Location {
  std::string file;
  int line = 0, column = 0;  // 1-based; 0 when the whole file is meant
};

struct Diagnostic {
  enum class Severity { error, warning };
  Severity severity = Severity::error;
  Location where;
  std::string message;  // lower case, no full stop, user text in `backticks`
  std::string hint;     // what to do; may be empty
};
using Diagnostics = std::vector<Diagnostic>;

bool has_errors(const Diagnostics& diagnostics);

// rules.yaml:12:7: error: unknown key `colums` (did you mean `columns`?)
std::string to_string(const Diagnostic& diagnostic);

}  // namespace pgconsent::rules
