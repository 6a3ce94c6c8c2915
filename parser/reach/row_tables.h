// What the columns of tables mean to code on unmasked rows: where it takes whole rows of a table, the order
// and the names of all columns count; where it names columns, those names do.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "parser/catalog/snapshot.h"
#include "parser/reach/body_constants.h"
#include "parser/reach/table_use.h"

namespace pgconsent::parser {

class RowTables {
 public:
  // A function of the code; one that another calls; a relation whose rows are taken whole.
  void note(const Snapshot& snapshot, const Function& function);
  void add_call(Oid caller, Oid callee);
  void add_whole(Oid relation) { whole_.insert(relation); }
  // Does code that is noted run SQL which is not seen, and may that be about a table of this name?
  bool may_run_over(std::string_view name) const;
  // All is noted.
  void finish(const Snapshot& snapshot);
  const std::unordered_set<Oid>& whole() const { return whole_; }

  // Would a column of this name that comes, goes, is renamed or gets another type mean something else to
  // code?
  bool changes_meaning(const Snapshot& snapshot, Oid relation, std::string_view column) const;
  struct Name {
    Oid function = 0;
    const Relation* relation = nullptr;
  };
  // Names of tables without schema, as many as tables have them.
  const std::vector<Name>& without_schema() const { return without_schema_; }

 private:
  struct Body {
    Oid function = 0;
    std::unordered_set<std::string> words;
    bool any_word = false;  // some are written in a way that is not read here
  };
  using Oids = std::unordered_set<Oid>;

  void index(const Snapshot& snapshot);
  void find_parts(const Snapshot& snapshot);
  static bool runs_any(const Relation& relation, const Oids& functions);
  bool changes(const Relation& relation, std::string_view column) const;

  RelationsByName by_name_;
  std::vector<Body> bodies_;
  std::unordered_map<Oid, std::size_t> body_of_;                 // of functions
  std::unordered_map<Oid, std::vector<std::size_t>> naming_;     // bodies, by relation
  std::unordered_map<Oid, std::vector<std::string>> parts_of_;   // functions: of names
  std::unordered_map<Oid, std::vector<Oid>> callers_, callees_;  // functions
  Oids noted_, taking_rows_, dynamic_, whole_;                   // functions; relations
  std::unordered_set<std::string> constants_;                    // words
  std::set<std::string, std::less<>> parts_;                     // of names that dynamic SQL may be about
  std::vector<Name> without_schema_;
  bool all_ = false;  // whole
};

}  // namespace pgconsent::parser
