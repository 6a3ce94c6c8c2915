// Columns whose equality may be asked of raw values beside the mask.
#pragma once

#include "parser/catalog/snapshot.h"

namespace pgconsent::enforce {

// Equality with a strict and leakproof operator (pg_proc.proleakproof of their equality functions on
// PostgreSQL 15).
bool has_leakproof_equality(const parser::Column& column);

}  // namespace pgconsent::enforce
