// CASCADE takes along what depends on what is dropped: of that nothing is known here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "parser/edit/token_index.h"
#include "parser/names/sql_error.h"
#include "proxy/enforce/generation.h"

struct AlterTableStmt;

namespace pgconsent::enforce {

// How many parts say CASCADE.
std::size_t cascade_count(const AlterTableStmt* alter);

// The word, but in ON DELETE CASCADE and ON UPDATE CASCADE. It may also be an unquoted name.
bool is_cascade(const parser::TokenIndex& tokens, int index);

// Of a statement or a body: where a view may go with it that consent or trusted code is read through.
std::optional<parser::SqlError> refuse_cascade(const std::string& text, const Generation& generation);

}  // namespace pgconsent::enforce
