// Parts of `pgconsent check`. Private to the command line.
#pragma once

#include <string>

#include "proxy/cli_control.h"
#include "proxy/enforce/generation.h"
#include "rules/diagnostic.h"

namespace pgconsent {

// Triggers, defaults and checks that must be trusted before tables can be written to.
void check_row_code(const enforce::Generation& generation, const std::string& where,
                    rules::Diagnostics& diagnostics);
// Tables that such code finds by the session's search path.
void check_search_paths(const enforce::Generation& generation, const std::string& where,
                        rules::Diagnostics& diagnostics);
// Rules and indexes that make lookups and guards slow.
void check_speed(const enforce::Generation& generation, const std::string& where,
                 rules::Diagnostics& diagnostics);
// What tells of masked values by its order, and by where it puts rows. On failure queries.error() says why.
void check_indexes(const enforce::Generation& generation, ControlQueries& queries, const std::string& where,
                   rules::Diagnostics& diagnostics);
void check_partition_keys(const enforce::Generation& generation, ControlQueries& queries,
                          const std::string& where, rules::Diagnostics& diagnostics);

}  // namespace pgconsent
