// Every node kind of PostgreSQL 15's headers is decided: walked by pass 1 field by field, a statement of a
// known kind, or refused where it turns up in a query. nodes.txt is the reviewed list; whatever is not in it
// fails.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <deque>
#include <fstream>
#include <map>
#include <sstream>

#include "parser/bind/references.h"
#include "parser/bind/statement.h"
#include "parser/tree/walker.h"

namespace pgconsent::parser {
namespace {

struct Field {
  std::string kind, name;
  std::size_t offset;
};
struct NodeKind {
  NodeTag tag;
  std::string name, section;
  std::vector<Field> fields;  // pointers to nodes
};
#include "node_fields.inc"

const NodeKind* kind_named(const std::string& name) {
  for (const NodeKind& kind : node_kinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

// Zeroed nodes, large enough for any of them; alive until the end of the test.
class Nodes {
 public:
  Node* make(NodeTag tag) {
    auto& bytes = memory_.emplace_back();
    auto* node = reinterpret_cast<Node*>(bytes.data());
    node->type = tag;
    // SET (a, b) = source: the first of the references holds the source for all.
    if (tag == T_MultiAssignRef) reinterpret_cast<MultiAssignRef*>(node)->colno = 1;
    if (tag == T_RangeVar) reinterpret_cast<RangeVar*>(node)->relname = const_cast<char*>("another");
    if (tag == T_List) as_list(node)->elements = cells_.emplace_back().data();
    return node;
  }
  Node* marker() {
    Node* node = make(T_RangeVar);
    reinterpret_cast<RangeVar*>(node)->relname = const_cast<char*>("marker");
    return node;
  }
  // What may stand in a field: a marker, a list of one, or a node of that kind with the marker further down.
  Node* content(const Field& field) {
    if (field.kind == "Node" || field.kind == "Expr" || field.kind == "RangeVar") return marker();
    if (field.kind == "List") return list(field.name == "ctes" ? common_table_expression() : marker());
    const NodeKind* kind = kind_named(field.kind);
    Node* node = make(kind->tag);
    for (const Field& inner : kind->fields) {
      if (inner.kind == "List" || inner.kind == "Node" || inner.kind == "Expr" || inner.kind == "RangeVar")
        put(node, inner, content(inner));
    }
    return node;
  }
  static void put(Node* node, const Field& field, Node* value) {
    *reinterpret_cast<Node**>(reinterpret_cast<char*>(node) + field.offset) = value;
  }

 private:
  static List* as_list(Node* node) { return reinterpret_cast<List*>(node); }
  Node* list(Node* element) {
    Node* node = make(T_List);
    as_list(node)->length = as_list(node)->max_length = 1;
    as_list(node)->elements[0].ptr_value = element;
    return node;
  }
  Node* common_table_expression() {
    Node* node = make(T_CommonTableExpr);
    auto* cte = reinterpret_cast<CommonTableExpr*>(node);
    cte->ctename = const_cast<char*>("c");
    cte->ctequery = marker();
    return node;
  }

  struct alignas(16) Bytes : std::array<std::byte, 1024> {};
  std::deque<Bytes> memory_;
  std::deque<std::array<ListCell, 2>> cells_;
};

std::string to_string(StatementKind kind) {
  switch (kind) {
    case StatementKind::query:
      return "query";
    case StatementKind::modification:
      return "modification";
    case StatementKind::explain:
      return "explain";
    case StatementKind::declare_cursor:
      return "declare_cursor";
    case StatementKind::create_table_as:
      return "create_table_as";
    case StatementKind::copy_query_out:
      return "copy_query_out";
    case StatementKind::copy_table_out:
      return "copy_table_out";
    case StatementKind::copy_in:
      return "copy_in";
    case StatementKind::prepare:
      return "prepare";
    case StatementKind::execute:
      return "execute";
    case StatementKind::deallocate:
      return "deallocate";
    case StatementKind::fetch:
      return "fetch";
    case StatementKind::close_cursor:
      return "close_cursor";
    case StatementKind::transaction:
      return "transaction";
    case StatementKind::set:
      return "set";
    case StatementKind::show:
      return "show";
    case StatementKind::discard:
      return "discard";
    case StatementKind::notify:
      return "notify";
    case StatementKind::lock:
      return "lock";
    case StatementKind::run_code:
      return "run_code";
    case StatementKind::define:
      return "define";
    case StatementKind::server:
      return "server";
  }
  return {};
}

bool reaches(const Node* node) {
  References references;
  collect_references(node, references);
  for (const RelationReference& relation : references.relations) {
    if (relation.range->relname != nullptr && std::string_view(relation.range->relname) == "marker")
      return true;
  }
  return false;
}

// "walked" with the fields that are not; the kind of statement; or "refused".
std::string behaviour(const NodeKind& kind) {
  Nodes nodes;
  std::string text;
  Node* empty = nodes.make(kind.tag);
  if (for_each_child(empty, [](const Node*) {})) {
    text = "walked";
    for (const Field& field : kind.fields) {
      Node* node = nodes.make(kind.tag);
      Nodes::put(node, field, nodes.content(field));
      if (!reaches(node)) text += " -" + field.name;
    }
  } else {
    References references;
    collect_references(empty, references);
    text = references.unknown_node == kind.tag ? "refused" : "passed over";
  }
  if (kind.section == "statement_nodes" && kind.name.ends_with("Stmt")) {
    auto* raw = reinterpret_cast<RawStmt*>(nodes.make(T_RawStmt));
    raw->stmt = empty;
    text += ", statement: " + to_string(statement_facts(raw, "").kind);
  }
  return text;
}

// Sections of nodes.h whose nodes are never in a raw tree.
bool is_internal(const std::string& section) {
  for (const char* part : {"executor", "plan_", "planner", "expression_state", "memory", "extensible",
                           "random", "replication"}) {
    if (section.starts_with(part)) return true;
  }
  return section.empty();
}

// NAME: behaviour [# why]
std::map<std::string, std::string> reviewed() {
  std::ifstream in(PGCONSENT_SOURCE_DIR "/tests/exhaustive/nodes.txt");
  std::map<std::string, std::string> entries;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    const auto colon = line.find(": ");
    auto text = line.substr(colon + 2);
    if (const auto comment = text.find("  #"); comment != std::string::npos) text.resize(comment);
    entries[line.substr(0, colon)] = text;
  }
  return entries;
}

TEST(Nodes, EveryKindIsDecided) {
  std::map<std::string, std::string> expected = reviewed();
  std::ostringstream all;
  for (const NodeKind& kind : node_kinds) {
    const std::string found = behaviour(kind);
    if (is_internal(kind.section)) {
      EXPECT_EQ(found, "refused") << kind.name << " (" << kind.section << ")";
      continue;
    }
    all << kind.name << ": " << found << "\n";
    auto entry = expected.find(kind.name);
    if (entry == expected.end()) {
      ADD_FAILURE() << "node kind " << kind.name << " is new: decide, then list it in nodes.txt as\n"
                    << kind.name << ": " << found;
      continue;
    }
    EXPECT_EQ(found, entry->second) << kind.name;
    expected.erase(entry);
  }
  for (const auto& [name, text] : expected)
    ADD_FAILURE() << name << " is listed in nodes.txt, but unknown to the server";
  if (std::getenv("PGCONSENT_PRINT") != nullptr) std::cout << all.str();
}

// The list is of the headers that the parser was built against.
TEST(Nodes, NumbersAreTheHeaders) {
  ASSERT_GT(node_kinds.size(), 400U);
  EXPECT_EQ(kind_named("SelectStmt")->tag, T_SelectStmt);
  for (std::size_t i = 0; i < node_kinds.size(); ++i)
    EXPECT_EQ(static_cast<std::size_t>(node_kinds[i].tag), i);
}

}  // namespace
}  // namespace pgconsent::parser
