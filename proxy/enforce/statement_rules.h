// What may a statement do that is not a query? Settings, utility statements and code, decided by what they
// name.
#pragma once

#include <optional>
#include <string>

#include "parser/bind/statement.h"
#include "parser/names/sql_error.h"
#include "proxy/enforce/generation.h"
#include "proxy/enforce/plan.h"

namespace pgconsent::enforce {

// Changes of types that protected columns hold, whose checks run over unmasked values, or that consent,
// conditions and code on unmasked rows rely on; of casts, operators, collations and text search likewise.
std::optional<parser::SqlError> refuse_type_change(const Node* statement, const Generation& generation);
// Is there a function in the schema that code on unmasked rows may call?
bool holds_row_functions(std::string_view schema, const Generation& generation);
// The settings that ALTER ROLE, ALTER DATABASE and functions bring along.
std::optional<parser::SqlError> refuse_stored_setting(const Node* statement);

// SET of a setting that would change how statements are read or what they show; a purpose outside the role's
// set.
std::optional<parser::SqlError> refuse_setting(const parser::StatementFacts& facts,
                                               const rules::Application* role);

// DDL, DO, CALL, LOCK, …: refused where any name in the text may mean protected data or code that reads it.
// `names` is null where an earlier statement of the text may have changed what names mean.
std::optional<parser::SqlError> refuse_utility(const parser::StatementFacts& facts, const std::string& text,
                                               const Generation& generation,
                                               const parser::NameResolver* names);

// A foreign key, parent or name by which more would write to protected rows; a copy of code that reads them.
std::optional<parser::SqlError> refuse_new_way(const Node* statement, const Generation& generation,
                                               const parser::NameResolver* names);

// The text of DO, or of CREATE FUNCTION … AS.
void code_of(const List* options, std::string& language, std::string& body);

// Beside what it reads and writes: new relations, types, code or names.
bool defines_anything(const DoStmt* block);

// A function, an operator or an aggregate whose schema the search path decides about.
bool makes_code_without_schema(const Node* statement);

// DO and CREATE FUNCTION: what their text does.
std::optional<parser::SqlError> refuse_code(const parser::StatementFacts& facts, const std::string& text,
                                            const Generation& generation, const parser::NameResolver* names);

// CREATE, ALTER of a function, operator or relation that code on unmasked rows may use by its name.
std::optional<parser::SqlError> refuse_row_code(const parser::StatementFacts& facts,
                                                const Generation& generation);
bool is_routine(ObjectType type);
// ALTER INDEX and ALTER SEQUENCE … RENAME take tables, too.
bool renames_relation(const RenameStmt* rename);
std::optional<parser::SqlError> refuse_row_relation(std::string_view name, const Generation& generation);

// What the proxy knows of a session changes with this setting; empty: with all of them.
bool decides_about_state(std::string_view setting);
// Bits of Effect for a statement without a refusal.
std::uint32_t statement_effects(const parser::StatementFacts& facts, const parser::NameResolver& names);

parser::SqlError refusal(std::string message, std::string detail = {}, std::string hint = {});
parser::SqlError unsupported(std::string message, std::string hint = {});

}  // namespace pgconsent::enforce
