// A row whose path to its subject leads nowhere is masked. May this statement put a row of the client's own
// choice there?
#pragma once

#include <optional>
#include <span>
#include <utility>

#include "parser/names/sql_error.h"
#include "parser/tree/server_nodes.h"
#include "proxy/enforce/generation.h"

namespace pgconsent::enforce {

// New rows where no foreign key holds; deleted ones where it is checked at the transaction's end only.
// `statement` is null for COPY FROM.
std::optional<parser::SqlError> refuse_gap(const Generation& generation, const rules::Purpose* purpose,
                                           const parser::Relation& target, const Node* statement);

// Rows that go and come within one statement: a foreign key with NO ACTION notices nothing.
using WriteTarget = std::pair<const parser::Relation*, const Node*>;
std::optional<parser::SqlError> refuse_exchange(const Generation& generation, const rules::Purpose* purpose,
                                                std::span<const WriteTarget> targets);

}  // namespace pgconsent::enforce
