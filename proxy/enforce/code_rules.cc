// DO and CREATE FUNCTION: what their text does.
#include <algorithm>

#include "parser/names/ascii.h"
#include "parser/names/identifier.h"
#include "parser/reach/body_scan.h"
#include "parser/tree/scanner.h"
#include "parser/tree/walker.h"
#include "proxy/enforce/cascades.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

void code_of(const List* options, std::string& language, std::string& body) {
  parser::for_each(options, [&](const Node* node) {
    const auto* option = parser::as<DefElem>(node);
    const std::string_view name = option->defname;
    if (name == "language" && option->arg != nullptr) language = parser::string_value(option->arg);
    if (name != "as" || option->arg == nullptr) return;
    if (nodeTag(option->arg) == T_String) body = parser::string_value(option->arg);
    if (nodeTag(option->arg) == T_List) {
      parser::for_each(parser::as<List>(option->arg),
                       [&](const Node* part) { body += parser::string_value(part); });
    }
  });
}

namespace {

using parser::SqlError;
using parser::StatementFacts;
using parser::Token;

// BEGIN ATOMIC … END or RETURN …, which has no place in the tree: from the first such word outside of
// parentheses.
std::string sql_body(const StatementFacts& facts, const std::string& text) {
  const std::vector<Token> tokens = parser::scan_parsed(text);
  int depth = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.start < facts.start || token.start >= facts.end) continue;
    depth += (token.symbol == '(') - (token.symbol == ')');
    const bool atomic = token.text == "begin" && i + 1 < tokens.size() && tokens[i + 1].text == "atomic";
    if (depth == 0 && (atomic || token.text == "return"))
      return text.substr(token.start, facts.end - token.start);
  }
  return text.substr(facts.start, facts.end - facts.start);
}

// A DO block of an application's tool: it makes types, columns and keys where they are missing.
struct DoBlock {
  std::string rest;  // the code without the definitions
  std::vector<std::string> definitions;
};

// What begins a statement, and can't be an expression's part there.
bool begins_definition(const std::vector<Token>& tokens, std::size_t i) {
  const auto is = [&](std::size_t at, std::initializer_list<std::string_view> words) {
    return at < tokens.size() && std::find(words.begin(), words.end(), tokens[at].text) != words.end();
  };
  const bool starts = i == 0 || tokens[i - 1].symbol == ';' || is(i - 1, {"begin", "then", "else", "loop"});
  return starts && ((is(i, {"create"}) && is(i + 1, {"type", "schema", "extension", "role", "user"})) ||
                    (is(i, {"alter"}) && is(i + 1, {"table", "type"})));
}

DoBlock take_out_definitions(const std::string& body) {
  DoBlock block;
  const auto tokens = body.find('\0') == body.npos ? parser::scan(body) : std::nullopt;
  if (!tokens) return block;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < tokens->size(); ++i) {
    if (!begins_definition(*tokens, i)) continue;
    const std::size_t start = (*tokens)[i].start;
    while (i < tokens->size() && (*tokens)[i].symbol != ';') ++i;
    const std::size_t end = i < tokens->size() ? (*tokens)[i].start : body.size();
    block.definitions.push_back(body.substr(start, end - start));
    block.rest += body.substr(kept, start - kept);
    kept = end;
  }
  block.rest += body.substr(kept);
  return block;
}

bool may_stand_in_code(const Node* statement) {
  switch (nodeTag(statement)) {
    case T_CreateEnumStmt:
    case T_AlterEnumStmt:
    case T_CreateExtensionStmt:
    case T_CreateRoleStmt:
      return true;
    case T_CreateSchemaStmt:
      return parser::as<CreateSchemaStmt>(statement)->schemaElts == nullptr;
    case T_AlterTableStmt:
      return parser::as<AlterTableStmt>(statement)->objtype == OBJECT_TABLE;
    default:
      return false;
  }
}

// Code may catch the errors: nothing is evaluated or looked up in rows that are judged by others, or that
// others refer to.
bool may_tell_of_rows(const AlterTableStmt* alter, const Generation& generation) {
  const parser::FunctionReach& functions = generation.functions();
  const std::string_view name = alter->relation->relname;
  bool types = false;
  parser::for_each(alter->cmds, [&](const Node* command) {
    types |= parser::as<AlterTableCmd>(command)->subtype == AT_AlterColumnType;
  });
  const auto& relations = generation.catalog().relations;
  return (types && functions.names_what_code_may_not_write(name)) ||
         std::any_of(relations.begin(), relations.end(), [&](const auto& each) {
           return each.second.name == name && functions.writing_may_fail_on_rows(each.first);
         });
}

// Why it is refused, or empty. Within code it can't be sent with the schema that it was judged for: it must
// name it.
std::string judge_definition(const std::string& definition, const Generation& generation,
                             const parser::NameResolver* names) {
  parser::RawTree tree;
  SqlError error;
  if (!parser::RawTree::parse(definition, tree, error)) return error.message;
  if (list_length(tree.statements()) != 1) return "more than one statement";
  const auto facts =
      parser::statement_facts(static_cast<const RawStmt*>(linitial(tree.statements())), definition);
  if (!may_stand_in_code(facts.statement)) return "this definition must be sent alone";
  const auto* alter =
      nodeTag(facts.statement) == T_AlterTableStmt ? parser::as<AlterTableStmt>(facts.statement) : nullptr;
  const bool qualified = alter != nullptr && alter->relation->schemaname != nullptr;
  if (auto refused = refuse_utility(facts, definition, generation, qualified ? names : nullptr))
    return refused->message;
  if (alter != nullptr && may_tell_of_rows(alter, generation)) return "its errors may tell of protected rows";
  if (qualified && cascade_count(alter) > 0 && generation.is_sensitive_name(alter->relation->relname))
    return "CASCADE must be sent alone";
  return {};
}

// Beside definitions, which may change what anything means, the code may ask the server's own catalogs only.
bool asks_catalogs_only(const parser::BodyFacts& facts, const Generation& generation) {
  const parser::Snapshot& catalog = generation.catalog();
  const auto is_users = [&](std::string_view name, const auto& objects) {
    return std::any_of(objects.begin(), objects.end(), [&](const auto& each) {
      return each.first >= parser::first_user_oid && each.second.name == name;
    });
  };
  const bool names_users = std::any_of(facts.names.begin(), facts.names.end(), [&](const std::string& name) {
    return is_users(name, catalog.relations) || is_users(name, catalog.functions) ||
           is_users(name, catalog.types);
  });
  const bool uses_users =
      std::any_of(facts.operators.begin(), facts.operators.end(),
                  [&](const std::string& op) { return generation.is_defined_operator(op); });
  return !facts.writes && !names_users && !uses_users;
}

std::optional<SqlError> refuse_definitions(const DoBlock& block, const std::string& language,
                                           const Generation& generation, const parser::NameResolver* names) {
  const char* const message = "a definition in a DO block can't be run";
  for (const std::string& definition : block.definitions) {
    if (std::string why = judge_definition(definition, generation, names); !why.empty())
      return unsupported(message, "It says: " + why + ". Send it alone.");
  }
  std::string why = generation.functions().judge_body(language, block.rest);
  if (why.empty() && !asks_catalogs_only(parser::scan_body(language, block.rest), generation))
    why = "reads or writes tables beside definitions";
  if (why.empty()) return std::nullopt;
  return refusal(message, "The block " + why + ".", "Send the definitions alone.");
}

}  // namespace

bool defines_anything(const DoStmt* block) {
  std::string language = "plpgsql", body;
  code_of(block->args, language, body);
  return !take_out_definitions(body).definitions.empty() ||
         parser::scan_body(parser::lower(language), body).makes_tables;
}

bool makes_code_without_schema(const Node* statement) {
  switch (nodeTag(statement)) {
    case T_CreateFunctionStmt:
      return list_length(parser::as<CreateFunctionStmt>(statement)->funcname) == 1;
    case T_DefineStmt:
      return list_length(parser::as<DefineStmt>(statement)->defnames) == 1;
    default:
      return false;
  }
}

std::optional<SqlError> refuse_code(const StatementFacts& facts, const std::string& text,
                                    const Generation& generation, const parser::NameResolver* names) {
  std::string language = "plpgsql", body;
  const List* name = nullptr;
  switch (nodeTag(facts.statement)) {
    case T_DoStmt:
      code_of(parser::as<DoStmt>(facts.statement)->args, language, body);
      break;
    case T_CreateFunctionStmt: {
      const auto* create = parser::as<CreateFunctionStmt>(facts.statement);
      language = create->sql_body != nullptr ? "sql" : "";
      code_of(create->options, language, body);
      if (create->sql_body != nullptr) body = sql_body(facts, text);
      name = create->funcname;
      break;
    }
    default:
      return std::nullopt;
  }
  if (name != nullptr && name->length > 1 &&
      parser::string_value(static_cast<const Node*>(linitial(name))).starts_with("pg_temp")) {
    return refusal("functions can't be created in the temporary schema",
                   "Every role may create functions there that nobody has seen.");
  }
  if (auto error = refuse_cascade(body, generation)) return error;
  if (nodeTag(facts.statement) == T_DoStmt) {
    const DoBlock block = take_out_definitions(body);
    if (!block.definitions.empty())
      return refuse_definitions(block, parser::lower(language), generation, names);
  }
  if (std::string why = generation.functions().judge_body(parser::lower(language), body); !why.empty()) {
    return refusal("code that may read protected data can't be created or run", "It " + why + ".",
                   "Let a DBA create the function and list it under `functions: trusted` in the rules.");
  }
  return std::nullopt;
}

}  // namespace pgconsent::enforce
