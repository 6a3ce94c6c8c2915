// DDL on protected tables that neither shows nor copies their rows, and leaves the rules in force as they
// are.
#pragma once

#include "parser/bind/name_resolver.h"
#include "proxy/enforce/generation.h"

struct Node;

namespace pgconsent::enforce {

// ALTER TABLE or CREATE INDEX whose name of the changed table may stand: new columns, constants as defaults,
// NOT NULL, storage, keys over columns; expressions only over public columns. What else the statement names
// is not judged.
bool is_harmless_change(const Node* statement, const Generation& generation,
                        const parser::NameResolver& names);

}  // namespace pgconsent::enforce
