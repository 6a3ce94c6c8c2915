#include "parser/tree/raw_tree.h"

#include <utility>

#include "parser/tree/server_nodes.h"

namespace pgconsent::parser {

RawTree::~RawTree() {
  if (context_ != nullptr) pg_query_exit_memory_context(context_);
}

RawTree::RawTree(RawTree&& other) noexcept
    : context_(std::exchange(other.context_, nullptr)),
      statements_(std::exchange(other.statements_, nullptr)) {}

RawTree& RawTree::operator=(RawTree&& other) noexcept {
  std::swap(context_, other.context_);
  std::swap(statements_, other.statements_);
  return *this;
}

bool RawTree::parse(const std::string& text, RawTree& tree, SqlError& error) {
  RawTree fresh;
  fresh.context_ = pg_query_enter_memory_context();
  PgQueryInternalParsetreeAndError result = pg_query_raw_parse(text.c_str());
  std::free(result.stderr_buffer);
  if (result.error != nullptr) {
    error.sqlstate = sqlstate::syntax_error;
    error.message = result.error->message;
    error.position = result.error->cursorpos;
    pg_query_free_error(result.error);
    return false;
  }
  fresh.statements_ = result.tree;
  tree = std::move(fresh);
  return true;
}

namespace {

const Node* only_target(const SelectStmt* select) {
  if (list_length(select->targetList) != 1) return nullptr;
  return linitial_node(ResTarget, select->targetList)->val;
}

}  // namespace

std::string self_test() {
  static const char text[] = "SELECT u.email FROM ONLY s.users u WHERE id = $1 FOR UPDATE OF u";
  RawTree tree;
  SqlError error;
  if (!RawTree::parse(text, tree, error)) return "canary statement does not parse: " + error.message;
  if (list_length(tree.statements()) != 1) return "canary statement has a wrong statement count";
  const Node* node = linitial_node(RawStmt, tree.statements())->stmt;
  if (nodeTag(node) != T_SelectStmt) return "canary statement has a wrong node tag";
  const auto* select = reinterpret_cast<const SelectStmt*>(node);
  const Node* target = only_target(select);
  if (target == nullptr || nodeTag(target) != T_ColumnRef) return "canary target list has a wrong shape";
  if (list_length(select->fromClause) != 1 || nodeTag(linitial(select->fromClause)) != T_RangeVar) {
    return "canary FROM clause has a wrong shape";
  }
  const auto* range = linitial_node(RangeVar, select->fromClause);
  if (range->inh || range->relname == nullptr || std::string_view(range->relname) != "users" ||
      range->alias == nullptr || range->location != 25) {
    return "canary range variable has a wrong shape";
  }
  if (select->whereClause == nullptr || nodeTag(select->whereClause) != T_A_Expr)
    return "canary qual has a wrong shape";
  if (list_length(select->lockingClause) != 1 ||
      nodeTag(linitial(select->lockingClause)) != T_LockingClause) {
    return "canary locking clause has a wrong shape";
  }
  PgQueryParseResult json = pg_query_parse(text);
  bool same = json.error == nullptr && json.parse_tree != nullptr &&
              std::string_view(json.parse_tree).find(R"("relname":"users")") != std::string_view::npos &&
              std::string_view(json.parse_tree).find(R"("lockingClause")") != std::string_view::npos;
  pg_query_free_parse_result(json);
  return same ? "" : "the raw tree and the printed tree of the canary statement differ";
}

}  // namespace pgconsent::parser
