// Definitions are decided by what their names mean, and the server must not read them otherwise: names that a
// protected table shares are sent with their schema.
#pragma once

#include <string_view>

#include "parser/bind/name_resolver.h"
#include "parser/bind/statement.h"
#include "parser/edit/splice.h"
#include "parser/edit/token_index.h"
#include "proxy/enforce/generation.h"

namespace pgconsent::enforce {

// REQUIRES: found().
std::string_view schema_of(const parser::ResolvedName& name);

// The tables of ALTER TABLE, CREATE INDEX, CREATE STATISTICS, RENAME and DROP. And CASCADE becomes RESTRICT
// where protected tables or views over them are concerned: what else would go was not judged. False: it can't
// be told from names.
bool add_schemas(const parser::StatementFacts& facts, const Generation& generation,
                 const parser::NameResolver& names, const parser::TokenIndex& tokens,
                 parser::Splicer& splicer);

}  // namespace pgconsent::enforce
