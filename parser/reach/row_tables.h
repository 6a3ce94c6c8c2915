// The tables whose whole rows code on unmasked rows takes or gives: see row_use.h.
#pragma once

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "parser/catalog/snapshot.h"

namespace pgconsent::parser {

class RowTables {
 public:
  // A function that such code runs.
  void note(const Function& function);
  // It takes rows of the relation, or gives them.
  void add(const Function& function, Oid relation) { signatures_.emplace_back(function.oid, relation); }

  struct Found {
    std::unordered_set<Oid> copied;          // the order of their columns may count
    std::unordered_set<Oid> filled;          // columns of any name may get values,
    std::unordered_set<Oid> filled_by_rows;  // or those called as another row's
  };
  // With their parents and children. `held`: what SQL that is not seen may be about.
  Found find(const Snapshot& snapshot, const std::unordered_set<Oid>& held) const;

 private:
  std::unordered_set<std::string> names_, filled_names_, filled_by_rows_;  // of what may be tables
  std::unordered_set<Oid> noted_, copying_, filling_;                      // functions
  std::unordered_set<Oid> filling_named_;
  std::vector<std::pair<Oid, Oid>> signatures_;
  bool any_ = false;
};

}  // namespace pgconsent::parser
