// What an error of the server may print of a relation's rows.
#pragma once

#include <string_view>

#include "proxy/enforce/generation.h"
#include "proxy/enforce/plan.h"

namespace pgconsent::enforce {

// A whole row? Not where it is protected. Once the transaction has touched protected data: nor where the rows
// it refers to are, or where the relation is unknown.
bool may_print_rows(const Generation& generation, std::string_view schema, std::string_view relation,
                    bool touched);

// The key of a unique or foreign key constraint, or of a unique index? Where its columns are public, in a
// foreign key on both sides, and no row is hidden. Since constraints can be renamed while statements run, the
// DETAIL itself has to name these columns: those of a protected relation can't be renamed through the proxy.
bool may_print_key(const Generation& generation, const PrintedKey& key);

}  // namespace pgconsent::enforce
