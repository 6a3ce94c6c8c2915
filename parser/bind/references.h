// Pass 1 of the analysis: which relations, functions, operators and types does a statement name?
// Small on purpose: the same pass decides what is protected in the client's text and checks the text that is
// sent.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "parser/tree/server_nodes.h"

namespace pgconsent::parser {

enum class RelationUse : std::uint8_t {
  read,    // a FROM item
  target,  // of INSERT, UPDATE, DELETE, MERGE
  create,  // SELECT INTO, CREATE TABLE AS: a new relation
};

struct RelationReference {
  const RangeVar* range = nullptr;
  RelationUse use = RelationUse::read;
  const Node* statement = nullptr;  // target: the INSERT, UPDATE, DELETE or MERGE
};

struct FunctionReference {
  std::string_view schema, name;  // schema empty when not qualified
  int arguments = 0;
  int location = -1;
  const FuncCall* call = nullptr;      // null for a TABLESAMPLE method
  const SelectStmt* select = nullptr;  // where it stands in the target list of one
};

// Views into the parse tree: valid as long as the tree.
struct References {
  std::vector<RelationReference> relations;  // common table expressions are left out
  std::vector<FunctionReference> functions;
  std::vector<std::string_view> operators;  // names as written, qualified ones by their last part
  std::vector<const TypeName*> types;
  std::vector<std::string_view> attributes;  // x in a.x, (a).x: may be a function call in disguise
  std::vector<int> parameter_locations;      // of every $n
  bool lateral = false;                      // a FROM item may look at others' columns
  int unknown_node = 0;                      // a NodeTag that no pass knows: refuse
  bool too_deep = false;                     // nested beyond max_depth: refuse
};

// Nesting that PostgreSQL itself takes with its default max_stack_depth lies below.
inline constexpr int max_depth = 3000;

// `statement` is a SELECT, INSERT, UPDATE, DELETE or MERGE (or any expression). Clears `out` first.
void collect_references(const Node* statement, References& out);

}  // namespace pgconsent::parser
