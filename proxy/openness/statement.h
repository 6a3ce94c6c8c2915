// What the rules in force say about processing, as a model: the texts are written from it, and tests hold it
// against what the planner does. Nothing in it is decided here: every verdict is rules::decide()'s.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/enforce/generation.h"
#include "rules/policy.h"

namespace pgconsent::openness {

struct ColumnUse {  // of one column for one purpose
  const rules::Purpose* purpose = nullptr;
  // What is shown of it in the end: also when rows are left out because of another column.
  rules::Clearance clearance = rules::Clearance::never;
  std::vector<rules::LawfulBasis> bases;  // those that can decide; none for public columns
  bool refused = false;                   // `without_basis: refuse` and no basis can hold: a statement fails
};
struct ColumnEntry {
  const rules::ProtectedColumn* rule = nullptr;
  std::vector<ColumnUse> uses;  // one per purpose, in the order of Statement::purposes
};
struct TableEntry {
  const rules::ProtectedRelation* rule = nullptr;
  std::string declared;  // the table whose rules it has: its own name, or that of a parent
  std::vector<ColumnEntry> columns;
  std::vector<rules::Clearance> rows;  // per purpose: are there rows at all? (`without_basis: hide_row`)
};

struct Statement {
  enforce::GenerationPtr generation;
  std::string database;
  std::string written_at;                       // a date
  std::vector<const rules::Purpose*> purposes;  // by name
  std::vector<TableEntry> tables;               // by name; partitions and children too
  std::vector<std::string> trusted_functions;   // they may read raw data by themselves
  const rules::Policy& policy() const { return generation->policy(); }
};
Statement make_statement(enforce::GenerationPtr generation, std::string database, std::string written_at);

std::string_view to_string(rules::Clearance clearance);

// Tables and partitions that say the same, under the name that the rules give: as people read it.
struct TableGroup {
  const TableEntry* table = nullptr;  // speaks for all of them
  std::size_t parts = 0;              // partitions and children besides it
};
std::vector<TableGroup> groups_of(const Statement& statement);

// The columns of a category: an empty one for those that no rule names.
std::vector<std::string> categories_of(const Statement& statement);

std::string to_json(const Statement& statement);
std::string to_html(const Statement& statement, std::string_view language);
std::string to_markdown(const Statement& statement, std::string_view language);

}  // namespace pgconsent::openness
