// What the statements of one text define for those behind them. It is in no catalog yet: new relations are
// known by their names, new code and new names of old things are not.
#pragma once

#include <string>
#include <vector>

#include "parser/bind/statement.h"

namespace pgconsent::enforce {

class Definitions {
 public:
  // A statement that will be sent.
  void note(const parser::StatementFacts& facts);

  const std::vector<std::string>& relations() const { return relations_; }
  // Operators, types, schemas, …: what a later statement runs or reads can't be judged any more.
  bool change_code() const { return change_code_; }

 private:
  std::vector<std::string> relations_;
  bool change_code_ = false;
};

}  // namespace pgconsent::enforce
