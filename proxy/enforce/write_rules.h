// May a relation be the target of this INSERT, UPDATE, DELETE or MERGE at all? By what the catalog says of
// it; what depends on the row is checked there (target_guard).
#pragma once

#include <optional>

#include "parser/names/sql_error.h"
#include "parser/tree/server_nodes.h"
#include "proxy/enforce/generation.h"

namespace pgconsent::enforce {

// `statement` is null for COPY FROM.
// A modification of any relation can reach protected rows: through its triggers, defaults and checks, and
// through foreign keys.
std::optional<parser::SqlError> refuse_write(const Generation& generation, const parser::Relation& target,
                                             const Node* statement);

// Of a target that holds protected data, or shows it.
std::optional<parser::SqlError> refuse_protected_write(const Generation& generation,
                                                       const parser::Relation& target, const Node* statement);

// For layer 2: may a reference to the target's column show it otherwise than it is?
bool is_masked_column(const Generation& generation, const rules::Purpose* purpose,
                      const parser::Relation& relation, std::string_view column);

}  // namespace pgconsent::enforce
