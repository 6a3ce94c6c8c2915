#include "proxy/enforce/statement_rules.h"

#include <algorithm>
#include <string_view>

#include "parser/names/ascii.h"
#include "parser/tree/scanner.h"
#include "parser/tree/walker.h"
#include "proxy/enforce/cascades.h"
#include "proxy/enforce/harmless_names.h"
#include "proxy/enforce/held_types.h"
#include "proxy/enforce/hop_changes.h"

namespace pgconsent::enforce {

namespace {

using parser::SqlError;
using parser::StatementFacts;
using parser::StatementKind;
using parser::Token;
using parser::TokenKind;

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

SqlError refusal(std::string message, std::string detail, std::string hint) {
  return {std::string(parser::sqlstate::insufficient_privilege), "pgconsent: " + std::move(message),
          std::move(detail), std::move(hint), 0};
}

SqlError unsupported(std::string message, std::string hint) {
  return {std::string(parser::sqlstate::feature_not_supported),
          "pgconsent: " + std::move(message),
          {},
          std::move(hint),
          0};
}

namespace {

SqlError touches(std::string_view name, const Node* statement) {
  static constexpr NodeTag definitions[] = {T_AlterTableStmt, T_IndexStmt, T_CreateStatsStmt, T_CreateStmt,
                                            T_CreateSchemaStmt};
  if (std::find(std::begin(definitions), std::end(definitions), nodeTag(statement)) != std::end(definitions))
    return unsupported(
        "this definition is not supported on \"" + std::string(name) + "\"",
        "It may tell or decide of masked values: keys, constraints, expressions and indexes of several "
        "columns may name public columns only; where a trigger copies whole rows, columns keep their places "
        "and names. Let a DBA make it, without the proxy.");
  return unsupported("this kind of statement is not supported on \"" + std::string(name) + "\"",
                     "It may show, change or copy protected data. Run it without the proxy, as a DBA.");
}

// A rule, or a view that PostgreSQL lets write through: plain columns of one table.
bool stands_for_tables(const Node* statement) {
  if (nodeTag(statement) == T_RuleStmt) return true;
  if (nodeTag(statement) != T_ViewStmt) return false;
  const Node* query = parser::as<ViewStmt>(statement)->query;
  if (nodeTag(query) != T_SelectStmt) return true;
  const auto* select = parser::as<SelectStmt>(query);
  return select->op == SETOP_NONE && list_length(select->fromClause) == 1 &&
         nodeTag(static_cast<const Node*>(linitial(select->fromClause))) == T_RangeVar &&
         select->groupClause == nullptr && select->distinctClause == nullptr && select->limitCount == nullptr;
}

// Of which the errors would come up wherever the relation is used.
bool holds_queries(const Node* statement) {
  const NodeTag tag = nodeTag(statement);
  return tag == T_ViewStmt || tag == T_RuleStmt || tag == T_CreatePolicyStmt || tag == T_AlterPolicyStmt;
}

// Tables, their indexes, sequences and rights; what else a schema may be made with has a query or runs code.
bool holds_tables_only(const CreateSchemaStmt* create) {
  bool only = true;
  parser::for_each(create->schemaElts, [&](const Node* element) {
    const NodeTag tag = nodeTag(element);
    only &= tag == T_CreateStmt || tag == T_IndexStmt || tag == T_CreateSeqStmt || tag == T_GrantStmt;
  });
  return only;
}

// CREATE AGGREGATE (SFUNC = 'f'): definitions take the names of functions as string constants, too.
bool names_dangerous_function(std::string_view constant, const Generation& generation) {
  if (constant.size() < 2 || constant.front() != '\'' || constant.back() != '\'')
    return !constant.empty() && !std::isdigit(static_cast<unsigned char>(constant.front()));
  const std::string_view name = constant.substr(1, constant.size() - 2);
  return generation.functions().any_dangerous(name) || generation.functions().any_unsafe_inside(name) ||
         generation.is_sensitive_name(name);
}

// Every bare or qualified name in the text: the class of statements is too wide for less.
std::optional<SqlError> sensitive_token(const StatementFacts& facts, const std::string& text,
                                        const Generation& generation, const parser::NameResolver* names) {
  const std::vector<Token> tokens = parser::scan_parsed(text);
  const HarmlessNames harmless(facts.statement, generation, names);
  if (harmless.all()) return std::nullopt;
  const auto* drop = nodeTag(facts.statement) == T_DropStmt ? parser::as<DropStmt>(facts.statement) : nullptr;
  const bool calls = drop == nullptr || !is_routine(drop->removeType) || drop->behavior == DROP_CASCADE;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.start < facts.start || token.start >= facts.end) continue;
    if (token.kind == TokenKind::unicode_identifier) {
      return unsupported("U& identifiers are not supported in this kind of statement");
    }
    if (token.kind == TokenKind::constant && nodeTag(facts.statement) == T_DefineStmt &&
        names_dangerous_function(std::string_view(text).substr(token.start, token.end - token.start),
                                 generation)) {
      return refusal("the definition may name a function that can't be called through the proxy");
    }
    if (nodeTag(facts.statement) == T_DefineStmt && token.text.starts_with("pg_temp")) {
      return refusal("code can't be defined in the temporary schema");
    }
    if (token.kind == TokenKind::op &&
        generation.functions().operator_is_dangerous(text.substr(token.start, token.end - token.start))) {
      return refusal("an operator in the statement may read protected data");
    }
    if (token.kind != TokenKind::identifier && token.kind != TokenKind::keyword) continue;
    if (generation.functions().any_type_is_dangerous(token.text)) {
      return refusal("type \"" + token.text + "\" runs code that may read protected data");
    }
    if (generation.is_sensitive_name(token.text) && !harmless.contains(tokens, i))
      return touches(token.text, facts.statement);
    if (stands_for_tables(facts.statement) &&
        generation.functions().names_what_code_may_not_write(token.text)) {
      return unsupported(
          "a view or a rule that stands for \"" + token.text + "\" can't be made through the proxy",
          "Code could write through it what changes protected rows. Join or group in the view, or let a "
          "DBA make it.");
    }
    if (holds_queries(facts.statement) && generation.functions().names_what_may_fail_on_rows(token.text)) {
      return unsupported("a view, rule or policy over \"" + token.text + "\" can't be made through the proxy",
                         "Its policies read protected rows. Query it, or let a DBA make the definition.");
    }
    if (!calls) continue;
    if (generation.functions().any_unsafe_inside(token.text)) {
      return refusal("\"" + token.text + "\" can't be called from inside a definition",
                     "It changes how statements are read, or shows generated text, unseen.");
    }
    if (generation.functions().any_dangerous(token.text)) {
      return refusal("\"" + token.text + "\" may be a function that can't be called through the proxy", {},
                     "List the function under `functions: trusted` in the rules if it is harmless.");
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<SqlError> refuse_utility(const StatementFacts& facts, const std::string& text,
                                       const Generation& generation, const parser::NameResolver* names) {
  const NodeTag tag = nodeTag(facts.statement);
  if (tag == T_CallStmt) return std::nullopt;  // a function call: decided like one
  if (auto error = refuse_code(facts, text, generation, names)) return error;
  if (auto error = refuse_stored_setting(facts.statement)) return error;
  if (auto error = refuse_row_code(facts, generation)) return error;
  if (tag == T_CreateSchemaStmt && !holds_tables_only(parser::as<CreateSchemaStmt>(facts.statement)))
    return unsupported("a schema can't be made together with views or triggers",
                       "Make the schema first, and then what is in it.");
  if (auto error = refuse_type_change(facts.statement, generation)) return error;
  if (auto error = refuse_hop_change(facts.statement, generation, names)) return error;
  if (auto error = refuse_new_way(facts.statement, generation, names)) return error;
  const bool restricted =
      names != nullptr && (tag == T_DropStmt || tag == T_AlterTableStmt);  // add_schemas()
  static constexpr NodeTag drop_nothing[] = {T_TruncateStmt,   T_DoStmt,        T_CreateFunctionStmt,
                                             T_GrantStmt,      T_GrantRoleStmt, T_CreateExtensionStmt,
                                             T_AlterDomainStmt};
  if (std::find(std::begin(drop_nothing), std::end(drop_nothing), tag) == std::end(drop_nothing) &&
      !restricted) {
    if (auto error = refuse_cascade(text.substr(facts.start, facts.end - facts.start), generation))
      return error;
  }
  const bool changes_type =
      tag == T_AlterDomainStmt ||
      (tag == T_AlterTableStmt && parser::as<AlterTableStmt>(facts.statement)->objtype == OBJECT_TYPE) ||
      (tag == T_RenameStmt && parser::as<RenameStmt>(facts.statement)->renameType == OBJECT_ATTRIBUTE);
  if (changes_type && names == nullptr) {
    return unsupported("a type can't be changed behind a statement that may rename it",
                       "Send the statements one by one.");
  }
  if (facts.kind == StatementKind::server) {
    static const std::initializer_list<std::string_view> harmless = {
        "pg_trgm",       "hstore",    "citext",    "pgcrypto",   "unaccent", "ltree",         "intarray",
        "fuzzystrmatch", "uuid-ossp", "btree_gin", "btree_gist", "cube",     "earthdistance", "plpgsql"};
    if (tag == T_CreateExtensionStmt &&
        is_one_of(parser::as<CreateExtensionStmt>(facts.statement)->extname, harmless)) {
      return std::nullopt;
    }
    return unsupported("this kind of statement is not supported",
                       "It reaches beyond what the proxy can see. Run it without the proxy, as a DBA.");
  }
  if (tag == T_CommentStmt) return std::nullopt;  // a constant about a name
  if (tag == T_CreateRoleStmt || tag == T_AlterRoleStmt || tag == T_DropRoleStmt) {
    return std::nullopt;
  }
  if (auto error = sensitive_token(facts, text, generation, names)) return error;
  if (tag == T_DropStmt && parser::as<DropStmt>(facts.statement)->removeType == OBJECT_SCHEMA) {
    std::optional<SqlError> error;
    parser::for_each(parser::as<DropStmt>(facts.statement)->objects, [&](const Node* name) {
      if (holds_deciding_tables(parser::string_value(name), generation))
        error = touches(parser::string_value(name), facts.statement);
    });
    return error;
  }
  if (tag == T_RenameStmt && parser::as<RenameStmt>(facts.statement)->renameType == OBJECT_SCHEMA) {
    const auto* rename = parser::as<RenameStmt>(facts.statement);
    const std::string schema = rename->subname == nullptr ? "" : rename->subname;
    if (holds_deciding_tables(schema, generation) || holds_row_functions(schema, generation) ||
        HeldTypes(generation).uses_schema(schema))
      return touches(schema, facts.statement);
  }
  if (tag == T_RenameStmt) {
    // A new name that the rules know by pattern or that shadows a protected table.
    const auto* rename = parser::as<RenameStmt>(facts.statement);
    if (rename->newname != nullptr && generation.is_sensitive_name(rename->newname))
      return touches(rename->newname, facts.statement);
  }
  // What depends on an extension goes with it.
  if (tag == T_DropOwnedStmt || tag == T_ReassignOwnedStmt || tag == T_DropdbStmt ||
      tag == T_AlterDatabaseStmt || tag == T_AlterObjectDependsStmt) {
    return unsupported("this kind of statement is not supported", "Run it without the proxy, as a DBA.");
  }
  return std::nullopt;
}

namespace {

bool is_temporary(const RangeVar* range, const parser::NameResolver& names) {
  if (range == nullptr) return false;
  if (range->relpersistence == 't') return true;
  if (range->schemaname != nullptr) return names.is_own_temporary_schema(range->schemaname);
  return names.resolve(*range).temporary != nullptr;
}

// DDL that only concerns the session's temporary schema leaves the catalog snapshot as it is.
bool defines_temporary(const Node* statement, const parser::NameResolver& names) {
  switch (nodeTag(statement)) {
    case T_CreateStmt:
      return parser::as<CreateStmt>(statement)->relation->relpersistence == 't';
    case T_CreateTableAsStmt:
      return parser::as<CreateTableAsStmt>(statement)->into->rel->relpersistence == 't';
    case T_SelectStmt: {
      const IntoClause* into = parser::into_clause(parser::as<SelectStmt>(statement));
      return into != nullptr && into->rel->relpersistence == 't';
    }
    case T_IndexStmt:
      return is_temporary(parser::as<IndexStmt>(statement)->relation, names);
    case T_AlterTableStmt:
      return is_temporary(parser::as<AlterTableStmt>(statement)->relation, names);
    case T_CreateSeqStmt:
      return parser::as<CreateSeqStmt>(statement)->sequence->relpersistence == 't';
    case T_DropStmt: {
      const auto* drop = parser::as<DropStmt>(statement);
      if (drop->removeType != OBJECT_TABLE) return false;
      bool all = true;
      parser::for_each(drop->objects, [&](const Node* object) {
        const List* name = parser::as<List>(object);
        all &= names.resolve(parser::schema_string(name), parser::last_string(name)).temporary != nullptr;
      });
      return all;
    }
    default:
      return false;
  }
}

std::uint32_t definition_effects(const Node* statement, const parser::NameResolver& names) {
  return defines_temporary(statement, names) ? std::uint32_t{Effect::changes_state}
                                             : Effect::changes_state | Effect::changes_catalog;
}

}  // namespace

bool decides_about_state(std::string_view setting) {
  static constexpr std::string_view names[] = {"",
                                               "search_path",
                                               "role",
                                               "session_authorization",
                                               "pgconsent.purpose",
                                               "client_encoding",
                                               "standard_conforming_strings"};
  return std::find(std::begin(names), std::end(names), parser::lower(setting)) != std::end(names);
}

std::uint32_t statement_effects(const StatementFacts& facts, const parser::NameResolver& names) {
  switch (facts.kind) {
    case StatementKind::query:
    case StatementKind::modification:
    case StatementKind::fetch:
    case StatementKind::show:
    case StatementKind::lock:
      return 0;
    case StatementKind::copy_query_out:
    case StatementKind::copy_table_out:
    case StatementKind::copy_in:
      return Effect::has_own_answer;
    case StatementKind::notify:  // SET CONSTRAINTS runs triggers
      return nodeTag(facts.statement) == T_ConstraintsSetStmt ? std::uint32_t{Effect::changes_state} : 0u;
    case StatementKind::execute:  // what is executed has effects of its own
      return 0;
    case StatementKind::explain:  // ANALYZE runs it
      return nodeTag(facts.query) == T_CreateTableAsStmt ? definition_effects(facts.query, names) : 0;
    case StatementKind::prepare:
      return Effect::names_statement;
    case StatementKind::declare_cursor:
      return Effect::names_portal;
    case StatementKind::close_cursor:
      return std::uint32_t{facts.all ? Effect::forgets_portals : Effect::names_portal};
    case StatementKind::deallocate:
      return std::uint32_t{facts.all ? Effect::forgets_statements : Effect::names_statement};
    case StatementKind::transaction:
      return Effect::has_own_answer | (facts.ends_transaction ? std::uint32_t{Effect::ends_transaction} : 0u);
    case StatementKind::set:
      return decides_about_state(facts.name) ? std::uint32_t{Effect::changes_state} : 0u;
    case StatementKind::discard:
      return Effect::changes_state | (facts.all ? Effect::forgets_statements | Effect::forgets_portals : 0u);
    case StatementKind::run_code:
      return Effect::changes_state | Effect::changes_catalog;
    case StatementKind::create_table_as:
    case StatementKind::define:
      return definition_effects(facts.statement, names);
    case StatementKind::server:
      return Effect::changes_state | Effect::changes_catalog;
  }
  return 0;
}

}  // namespace pgconsent::enforce
