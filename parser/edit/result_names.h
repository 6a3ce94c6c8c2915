// Result columns that would take their name from generated text get the one they had.
#pragma once

#include <algorithm>
#include <vector>

#include "parser/bind/column_name.h"
#include "parser/edit/splice.h"
#include "parser/edit/token_index.h"

namespace pgconsent::parser {

class ResultNames {
 public:
  ResultNames(const TokenIndex& tokens, Splicer& splicer) : tokens_(tokens), splicer_(splicer) {}

  // False when the result column is not in the text. Null: not in a result column, or it has a name.
  bool keep(const ResTarget* target) {
    if (target == nullptr || std::find(done_.begin(), done_.end(), target) != done_.end()) return true;
    done_.push_back(target);
    const int first = tokens_.at(target->location);
    if (first < 0) return false;
    const int end = tokens_.after_target(first);
    splicer_.insert(tokens_[end - 1].end, " AS " + quote_identifier(column_name(target)));
    return true;
  }

 private:
  const TokenIndex& tokens_;
  Splicer& splicer_;
  std::vector<const ResTarget*> done_;
};

}  // namespace pgconsent::parser
