// The consent guard of one replaced relation: the joins that bring a row's consent, and per category the
// condition under which a cell is clear. At most one join per subject path and relation, however many
// categories.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/enforce/path_guard.h"

namespace pgconsent::enforce {

class Generation;

class Guard {
 public:
  enum class Form {
    join,      // LEFT JOIN on a unique key, conditions in the cells: the planner keeps the rows' own order
    join_few,  // the same for a few rows: several records of a subject are looked up row by row
    join_one,  // the same for one row at most: conditions in ON, too, which the server plans and runs faster
    exists,    // EXISTS: where a lock reaches the relation, an outer join is not allowed
  };

  // `alias` is the relation's name in generated SQL. All arguments outlive the guard.
  Guard(const Generation& generation, const rules::ProtectedRelation& relation, const rules::Purpose& purpose,
        Form form, std::string_view alias = "t");

  // Boolean SQL: may data of this category of the row be used? Only for categories decided row by row.
  // `subject_set`: of a view's column, whose subjects decide.
  std::string condition(std::string_view category, std::size_t subject_set = 0);

  // SQL of the key of the relation's subject with that index. REQUIRES: a form with joins.
  std::string subject_key(std::size_t subject) { return paths_.at(subject).key(); }

  // LEFT JOIN … for what condition() and subject_key() named so far.
  std::string joins() const;

 private:
  const Generation& generation_;
  const rules::ProtectedRelation& relation_;
  const Form form_;
  std::vector<PathGuardRequest> requests_;
  std::vector<PathGuard> paths_;  // none with EXISTS
};

}  // namespace pgconsent::enforce
