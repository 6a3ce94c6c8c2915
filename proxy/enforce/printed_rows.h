// What an error of the server may print of a relation's rows.
#pragma once

#include <string_view>

#include "proxy/enforce/generation.h"

namespace pgconsent::enforce {

// A whole row? Not where it is protected. Once the transaction has touched protected data: nor where the rows
// it refers to are, or where the relation is unknown.
bool may_print_rows(const Generation& generation, std::string_view schema, std::string_view relation,
                    bool touched);

// The key of a unique or foreign key constraint, or of a unique index? Where its columns are public, in a
// foreign key on both sides, and no row is hidden.
bool may_print_key(const Generation& generation, std::string_view schema, std::string_view relation,
                   std::string_view constraint);

}  // namespace pgconsent::enforce
