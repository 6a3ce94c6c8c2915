// The functions that PostgreSQL runs on the unmasked rows of a write: triggers, defaults, checks. Which of
// them may show what they see, and which may change what decides about masks?
#pragma once

#include <optional>
#include <string>

#include "parser/catalog/snapshot.h"

namespace pgconsent::enforce {

class Generation;

struct UntrustedCode {
  const parser::Function* function = nullptr;
  std::string column;  // not empty: it may change this one, which decides; else it may show rows
};

// One that must be listed under `functions: trusted` before the relation is written to; one that may change a
// column only before its rows are updated. Asked once per Generation, which keeps the answers.
std::optional<UntrustedCode> find_untrusted_code(const Generation& generation,
                                                 const parser::Relation& relation);

// What writes to the relation itself run and nobody has vouched for.
std::vector<parser::Oid> dangerous_functions(const Generation& generation, const parser::Relation& relation);

}  // namespace pgconsent::enforce
