// A statement text's raw parse tree, owned. Parsing is thread-safe; a tree is freed on the thread that parsed
// it.
#pragma once

#include <string>

#include "parser/names/sql_error.h"

struct List;
struct MemoryContextData;

namespace pgconsent::parser {

class RawTree {
 public:
  RawTree() = default;
  ~RawTree();
  RawTree(RawTree&& other) noexcept;
  RawTree& operator=(RawTree&& other) noexcept;

  // List of RawStmt; null for an empty text.
  const List* statements() const { return statements_; }

  // The text may not hold NUL bytes and must outlive nothing: the tree copies what it needs.
  // On failure `error` is the parser's own: 42601, message and 1-based character position.
  static bool parse(const std::string& text, RawTree& tree, SqlError& error);

 private:
  MemoryContextData* context_ = nullptr;
  const List* statements_ = nullptr;
};

// libpg_query prints and reads trees in two ways; a library that does not match the headers shows there.
// Empty when a canary statement has the expected shape, else what is wrong. Call once at start.
std::string self_test();

}  // namespace pgconsent::parser
