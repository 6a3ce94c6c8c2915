// Pass 2 of the analysis: how does a statement use the relations that will be replaced? Runs only where pass
// 1 found one. Precision, not safety: the replacement masks whatever is read. The uses decide which columns
// the replacement lists, what the audit says, and what has to be mended around it (whole rows, GROUP BY a
// primary key, result metadata).
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parser/bind/name_resolver.h"
#include "parser/tree/server_nodes.h"

namespace pgconsent::parser {

// A FROM item's relation, as pass 1 resolved it.
struct BoundRelation {
  const RangeVar* range = nullptr;
  ResolvedName name;
  bool replaced = false;
};

// WHERE column = value, column IN (values) or column = ANY (value), at the top of the entry's own WHERE.
struct EqualityLookup {
  int column = 0;               // index in Relation::columns
  const Node* value = nullptr;  // A_Const, ParamRef or a TypeCast of one; of IN a List of several
  bool any = false;             // ANY of the one value
  bool is_one() const { return !any && nodeTag(value) != T_List; }
};

// In each row where the other entry has one, its column has the value of the known one's.
struct ColumnEquality {
  int known = 0, known_column = 0;  // entry, index in its Relation::columns
  int other = 0, other_column = 0;
};

// One replaced range table entry.
struct RangeEntry {
  const RangeVar* range = nullptr;
  const RangeTableSample* sample = nullptr;
  const Relation* relation = nullptr;
  std::string_view name;                         // what the query calls it: alias or relation name
  bool locked = false;                           // FOR UPDATE/SHARE reaches it
  bool starred = false;                          // expanded by * or t.*
  bool target = false;                           // of a modification: stays in place, its columns do not
  std::vector<bool> used;                        // by index in Relation::columns
  std::vector<bool> used_grouped;                // used after GROUP BY, outside aggregates
  std::vector<std::string_view> system_columns;  // ctid, xmin, …, distinct
  std::vector<EqualityLookup> lookups;
  std::vector<int>
      pinned;  // indices of columns that have one value in all rows: by lookups, or equal to such
  std::vector<std::string_view> column_aliases;  // FROM users AS u (a, b)
};

// u, u.* or (in an argument list) u.*: the whole row as one value.
struct WholeRowReference {
  int entry = 0;
  const ColumnRef* reference = nullptr;
  const ResTarget* unnamed_target = nullptr;  // the result column that contains it, where it has no AS
  bool expanded = false;                      // (u).* in a target list
};

// schema.table.column: the qualifier no longer exists once the table is a derived one.
struct QualifiedReference {
  int entry = 0;
  const ColumnRef* reference = nullptr;
};

// * or t.* in a target list, with the FROM items it expands to.
struct StarReference {
  struct Item {
    std::string_view name;  // empty: merged columns, which no name reaches
    int entry = -1;
  };
  const ColumnRef* reference = nullptr;
  std::vector<Item> items;
  bool in_row = false;  // ROW(t.*)
};

// A column of a modification's target, or the whole row, wherever it is in scope.
struct TargetReference {
  enum class Kind {
    column,
    system_column,
    whole_row,
    attribute,  // users.full_contact: a function of the whole row
    arbiter,    // users.email in ON CONFLICT (lower(users.email)): stays what the index says
  };
  int entry = 0;
  Kind kind = Kind::column;
  int column = 0;  // index in Relation::columns
  const ColumnRef* reference = nullptr;
  const ResTarget* unnamed_target = nullptr;  // the result column that contains it, where it has no AS
  bool uncertain = false;  // a bare name, and a FROM item whose columns are not known here stands before it
};

// A bare column of another FROM item that has the name of a column of the target outside.
struct ShadowingReference {
  std::string_view item;
  const ColumnRef* reference = nullptr;
};

// SET column = value
struct Assignment {
  const ResTarget* target = nullptr;
  int column = -1;  // index in Relation::columns; -1: no such column, the server's error
};

// UPDATE … SET, DO UPDATE SET, WHEN MATCHED THEN UPDATE SET
struct AssignmentList {
  std::vector<Assignment> assignments;
  bool upsert = false;  // DO UPDATE: the row was found by a key, whatever a WHERE says
};

// An INSERT, UPDATE, DELETE or MERGE whose target is one of the entries.
struct Modification {
  int entry = 0;
  const Node* statement = nullptr;
  std::vector<AssignmentList> updates;
  // Bare names in its scope mean other things than its columns, or nothing: a column that is newer than the
  // catalog could take them.
  bool names_others = false;
};

// GROUP BY a primary key: these columns of the entry are used ungrouped.
struct GroupAddition {
  int entry = 0;
  const SelectStmt* select = nullptr;
  std::vector<int> columns;
  std::string_view ungroupable;  // one of them, whose type has no equality; or empty
};

struct ResultColumn {
  Oid table = 0;  // 0: an expression
  AttrNumber attnum = 0;
};

struct Binding {
  std::vector<RangeEntry> entries;
  std::vector<WholeRowReference> whole_rows;
  std::vector<QualifiedReference> qualified;
  std::vector<StarReference> stars;
  std::vector<GroupAddition> group_additions;
  std::vector<Modification> modifications;
  std::vector<TargetReference> target_references;
  std::vector<ShadowingReference> shadowing;
  std::vector<ColumnEquality> equalities;
  bool outer_joins = false;
  // Grouping sets, or a common table that is read twice: a result row may show different rows of one entry.
  bool mixes_rows = false;
  bool natural_join = false;           // a column added to an entry could be joined by
  std::deque<std::string> made_names;  // of entries and columns, that are not in the text
  std::vector<ResultColumn> results;   // of the statement's outermost query
  std::vector<int> result_entries;     // the entry that each comes from; -1: of none, or an expression
  bool results_known = false;          // false: * over something whose columns are not known here, but these:
  std::size_t results_before_run = 0, results_after_run = 0;  // the first and the last of `results`
  // In a target's scope there is a name of nothing, or of a column of it in a newer catalog.
  bool names_unknown = false;
  const ColumnRef* ambiguous = nullptr;  // names a target and another item alike: the server's error, 42P09
  std::string problem;  // not empty: the statement can't be kept equal to T'; refuse with this reason
};

// REQUIRES: pass 1 found the statement neither too deep nor of an unknown kind.
Binding bind_statement(const Node* statement, const NameResolver& names,
                       std::span<const BoundRelation> relations);

}  // namespace pgconsent::parser
