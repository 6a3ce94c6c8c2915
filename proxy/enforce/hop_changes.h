// Definitions of relations that hold no protected data, but decide whose protected rows of other tables are,
// or hold consent: a column changed, moved or swapped there would change subjects as UPDATE does, and a
// child's rows are the parent's. So would another view, where consent, conditions of the rules or trusted
// code are read through one.
#pragma once

#include <optional>

#include "parser/bind/name_resolver.h"
#include "parser/names/sql_error.h"
#include "parser/tree/server_nodes.h"
#include "proxy/enforce/generation.h"

namespace pgconsent::enforce {

// `names` is null behind a statement that may change what names mean: then every table of the name counts.
std::optional<parser::SqlError> refuse_hop_change(const Node* statement, const Generation& generation,
                                                  const parser::NameResolver* names);

// Are there views that consent, conditions of the rules or trusted code are read through?
bool has_deciding_views(const Generation& generation);
// Protected rows, what consent is read from, or relations on the way to subjects.
bool holds_deciding_tables(std::string_view schema, const Generation& generation);

}  // namespace pgconsent::enforce
