// The derived table that computes T' in the place of a protected relation: SELECT … FROM raw t LEFT JOIN
// <consent>.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "parser/catalog/snapshot.h"
#include "proxy/enforce/generation.h"
#include "rules/policy.h"

namespace pgconsent::enforce {

struct DerivedTableRequest {
  const rules::ProtectedRelation* relation = nullptr;
  const rules::Purpose* purpose = nullptr;  // null: no purpose is allowed, everything is masked
  std::vector<bool> columns;                // by index in the catalog relation: the ones to list
  std::vector<std::string_view> system_columns;
  bool only = false;     // ONLY users
  bool locked = false;   // FOR UPDATE reaches it: EXISTS instead of joins
  bool one_row = false;  // the statement asks for one row at most: order does not matter
  bool few_rows =
      false;           // its rows are found by a key with one value: one in each table that inherits from it
  bool apart = false;  // the masked cells are values of their own, which the planner does not take apart
  bool explain = false;  // pseudonyms get a throw-away key
  bool target = false;   // of a modification: the cells are put in the place of references, over target_alias
};

struct DerivedTable {
  std::vector<std::string> cells;                  // by index in the catalog relation; of the listed columns
  std::vector<bool> plain;                         // likewise: the cell is the raw column
  std::string head;                                // SELECT … FROM [ONLY] relation t
  std::string tail;                                // joins
  std::string where;                               // hide_row, without WHERE; may be empty
  std::string refused_rule;                        // a listed column may not be used for this purpose at all
  std::string run_time_rule;                       // a listed column fails at a row without basis
  bool asks_conditions = false;                    // of a basis: `when`, `until`
  bool masks = false;                              // some listed column is or may be masked
  std::vector<std::string> rules, bases, columns;  // for the audit
  std::vector<parser::AttrNumber> clear;           // protected columns that are listed raw
  std::map<parser::AttrNumber, std::string> clears_if;  // listed columns with `lookup: equality`: SQL
};

DerivedTable derived_table(const Generation& generation, const DerivedTableRequest& request);

}  // namespace pgconsent::enforce
