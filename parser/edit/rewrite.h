// The edits that put derived tables in the place of relations, and what has to be mended around them.
#pragma once

#include <span>
#include <string>

#include "parser/bind/binding.h"
#include "parser/edit/rewrite_target.h"
#include "parser/edit/splice.h"
#include "parser/edit/token_index.h"

namespace pgconsent::parser {

// What stands for one entry of a Binding.
struct Replacement {
  std::string query;         // SELECT … without parentheses; empty: the relation stays in place
  std::string present_test;  // true where the row exists (not null-extended by an outer join), over
                             // entry.name; or empty
};

// The derived table's own part of the client's text: TABLESAMPLE … of the entry, or empty.
// False when it can't be moved into a derived table (its arguments are not constants or parameters).
// `parameters` is increased by those that move along.
bool sample_clause(const std::string& text, const TokenIndex& tokens, const RangeEntry& entry,
                   std::string& out, int& parameters);

// False with `problem` set when the text can't be edited; the statement must be refused then.
bool rewrite(const std::string& text, const TokenIndex& tokens, const Binding& binding,
             std::span<const Replacement> replacements, const std::vector<TargetReplacement>& targets,
             Splicer& splicer, std::string& problem);

// A constant, parameter or cast of one, as in the client's text; empty when it is anything else.
std::string value_text(const std::string& text, const TokenIndex& tokens, const Node* value);

// Puts the schema before an unqualified relation name.
bool qualify(const TokenIndex& tokens, const RangeVar* range, std::string_view schema, Splicer& splicer);

// COPY users (a, b) TO …: the relation and its column list become a query.
bool replace_copy_relation(const TokenIndex& tokens, const CopyStmt* copy, std::string query,
                           Splicer& splicer);

}  // namespace pgconsent::parser
