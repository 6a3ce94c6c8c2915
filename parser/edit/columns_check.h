// A bare name beside a modification's target could mean a column that the target has got since the catalog
// was read.
#pragma once

#include <string>

#include "parser/catalog/snapshot.h"

namespace pgconsent::parser {

// SQL that is true, and an error while the statement is analysed where the relation has other columns than
// are known here. The server has locked the target by then. Nothing of it is left for the executor.
std::string columns_check(const Relation& relation);

}  // namespace pgconsent::parser
