// DDL on protected tables that neither shows nor copies their rows, and leaves the rules in force as they
// are.
#pragma once

#include "parser/bind/name_resolver.h"
#include "proxy/enforce/generation.h"

struct AlterTableCmd;
struct Node;

namespace pgconsent::enforce {

// A part of ALTER TABLE that says how new values are made up or how they are stored: no row is read, and no
// name means anything else by it.
bool sets_property(const AlterTableCmd* command);

// ALTER TABLE, RENAME of a part, CREATE INDEX or STATISTICS whose name of the changed table may stand: new
// columns, constants as defaults, NOT NULL, storage, keys over columns; expressions only over public columns;
// other names of what no rule names. What else the statement names is not judged.
bool is_harmless_change(const Node* statement, const Generation& generation,
                        const parser::NameResolver& names);

}  // namespace pgconsent::enforce
