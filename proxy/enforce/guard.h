// The consent guard of one replaced relation: the joins that bring a row's consent, and per category the
// condition under which a cell is clear. At most one join per subject path and relation, however many
// categories.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "parser/catalog/snapshot.h"
#include "rules/policy.h"

namespace pgconsent::enforce {

class Generation;

class Guard {
 public:
  enum class Form {
    join,      // LEFT JOIN on a unique key, conditions in the cells: the planner keeps the rows' own order
    join_one,  // the same for one row at most: conditions in ON, which the server plans and runs faster
    exists,    // EXISTS: where a lock reaches the relation, an outer join is not allowed
  };

  // `alias` is the relation's name in generated SQL. All arguments outlive the guard.
  Guard(const Generation& generation, const rules::ProtectedRelation& relation, const rules::Purpose& purpose,
        Form form, std::string_view alias = "t");

  // Boolean SQL: may data of this category of the row be used? Only for categories decided row by row.
  std::string condition(std::string_view category);

  // LEFT JOIN … for what condition() named so far.
  std::string joins() const;

 private:
  struct Path {
    const rules::SubjectPath* path = nullptr;
    const rules::SubjectKind* kind = nullptr;
    std::string key;                      // SQL of the subject's key
    bool used = false;                    // its consent is asked
    bool key_used = false;                // only whether there is a subject
    std::vector<std::string> categories;  // aggregated form: one flag column each
  };

  std::string path_condition(std::size_t index, std::string_view category);
  std::string presence(std::size_t index);
  std::string clearing_record(const Path& path, std::string_view alias) const;
  std::string record_condition(const rules::SubjectKind& kind, std::string_view alias) const;
  std::string purpose_match(const rules::ConsentSource& source, std::string_view alias) const;
  std::string flag(std::size_t index, std::string_view category);
  std::string hops(std::size_t index, bool outer) const;
  bool is_aggregated(const rules::ConsentSource& source) const;
  bool is_own_row(const Path& path) const;
  const parser::Relation& relation_of(parser::Oid oid) const;

  const Generation& generation_;
  const rules::ProtectedRelation& relation_;
  const rules::Purpose& purpose_;
  Form form_;
  std::string_view alias_;
  std::vector<Path> paths_;
};

}  // namespace pgconsent::enforce
