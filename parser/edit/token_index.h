// The tokens of a parsed text, found by parse-tree location: where does a construct begin and end?
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "parser/tree/scanner.h"
#include "parser/tree/server_nodes.h"

namespace pgconsent::parser {

class TokenIndex {
 public:
  explicit TokenIndex(const std::string& text) : tokens_(scan_parsed(text)) {}
  explicit TokenIndex(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  int size() const { return static_cast<int>(tokens_.size()); }
  const Token& operator[](int index) const { return tokens_[index]; }
  // The token that begins at the location; -1 when there is none.
  int at(int location) const;
  bool is_keyword(int index, std::string_view keyword) const;
  bool is_symbol(int index, char symbol) const;

  // `index` is at "(" or "[": one past the matching closing token, or -1.
  int after_bracket(int index) const;
  // One past a dotted name (identifiers, keywords, UESCAPE, a final .*) that begins at index.
  int after_name(int index) const;
  // ONLY name, ONLY (name), name *: [first, last) token of the relation expression with this name location;
  // false when the tokens are not as expected.
  bool relation_expression(int location, int& first, int& last) const;
  // TABLESAMPLE method (…) [REPEATABLE (…)], given the method's location.
  bool table_sample(int location, int& first, int& last) const;
  // One past the expression of a result column that begins at token index: a comma or the next clause at its
  // level.
  int after_target(int index) const;
  // SET column = value, given the column's location: [first, last) token of the value. A value's end is a
  // comma, the next clause or a closing bracket at its level.
  bool assigned_value(int location, int& first, int& last) const;
  int after_value(int index) const;
  // One past the last clause before RETURNING of the modification that `index` lies in.
  int before_returning(int index) const;
  // MERGE … ON condition: [first, last) token of the condition, given any token before ON.
  bool merge_condition(int index, int& first, int& last) const;
  // The token behind GROUP BY [ALL | DISTINCT] whose first item holds the location.
  int group_by_items(int location) const;

 private:
  std::vector<Token> tokens_;
};

// The leftmost location in an expression; -1 when it has none.
int leftmost_location(const Node* node);

}  // namespace pgconsent::parser
