// Layer 2 for modifications: no masked column of the target may be named outside generated text. By names
// alone: whatever could mean the target counts as if it did.
#pragma once

#include <functional>

#include "parser/edit/checker.h"
#include "parser/tree/server_nodes.h"

namespace pgconsent::parser {

class TargetChecker {
 public:
  TargetChecker(const Relation& relation, const RangeVar& range, const std::function<bool(int)>& is_generated,
                const IsMasked& is_masked);

  // `statement` is the INSERT, UPDATE, DELETE or MERGE in the text to be sent.
  bool passes(const Node* statement);

 private:
  void list(const List* nodes);
  void returning(const List* targets);
  void expression(const Node* node);
  void select(const SelectStmt* select);
  void reference(const ColumnRef* reference);

  const Relation& relation_;
  const std::string_view name_;  // the target's, in this statement
  const std::function<bool(int)> is_generated_;
  const IsMasked& is_masked_;
  bool passes_ = true;
};

}  // namespace pgconsent::parser
