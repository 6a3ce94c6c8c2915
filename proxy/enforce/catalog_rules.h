// What the server's own catalogs and statistics show of masked values: the same rules as for tables.
#pragma once

#include <unordered_map>

#include "proxy/enforce/generation.h"

namespace pgconsent::enforce {

// By OID. REQUIRES: the generation's functions, policy and conditions are there.
std::unordered_map<parser::Oid, rules::ProtectedRelation> catalog_rules(const Generation& generation);

}  // namespace pgconsent::enforce
