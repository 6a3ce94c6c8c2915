#include "proxy/openness/statement.h"

#include <algorithm>
#include <set>

#include "rules/builtin_store.h"

namespace pgconsent::openness {

namespace {

using rules::Clearance;
using rules::ProtectedColumn;
using rules::ProtectedRelation;
using rules::Purpose;
using rules::WithoutBasis;

Clearance lesser(Clearance a, Clearance b) {
  if (a == Clearance::never || b == Clearance::never) return Clearance::never;
  return a == Clearance::always ? b : a;
}

Clearance rows_shown(const enforce::Generation& generation, const ProtectedRelation& relation,
                     const Purpose& purpose) {
  Clearance rows = Clearance::always;
  for (const ProtectedColumn& column : relation.columns) {
    if (!column.is_public && column.without_basis == WithoutBasis::hide_row)
      rows = lesser(rows, generation.decide(relation, &purpose, column).clearance);
  }
  return rows;
}

ColumnUse use_of(const enforce::Generation& generation, const ProtectedRelation& relation,
                 const ProtectedColumn& column, const Purpose& purpose, Clearance rows) {
  ColumnUse use;
  use.purpose = &purpose;
  if (column.is_public) {
    use.clearance = rows;
    return use;
  }
  rules::Decision decision = generation.decide(relation, &purpose, column);
  use.refused = decision.clearance == Clearance::never && column.without_basis == WithoutBasis::refuse;
  use.clearance = lesser(decision.clearance, rows);
  use.bases = std::move(decision.bases);
  return use;
}

bool same(const ColumnEntry& a, const ColumnEntry& b) {
  return a.rule->name == b.rule->name && a.rule->is_public == b.rule->is_public &&
         a.rule->category == b.rule->category &&
         std::equal(a.uses.begin(), a.uses.end(), b.uses.begin(), b.uses.end(),
                    [](const ColumnUse& x, const ColumnUse& y) {
                      return x.clearance == y.clearance && x.bases == y.bases && x.refused == y.refused;
                    });
}

}  // namespace

std::string_view to_string(Clearance clearance) {
  switch (clearance) {
    case Clearance::never:
      return "never";
    case Clearance::always:
      return "always";
    case Clearance::by_row:
      return "by_row";
  }
  return "never";
}

Statement make_statement(enforce::GenerationPtr generation, std::string database, std::string written_at) {
  Statement out;
  out.database = std::move(database);
  out.written_at = std::move(written_at);
  const rules::Policy& policy = generation->policy();
  for (const auto& [name, purpose] : policy.purposes) out.purposes.push_back(&purpose);
  for (const auto& [oid, relation] : policy.relations) {
    TableEntry entry;
    entry.rule = &relation;
    const ProtectedRelation* declared = policy.relation(relation.declared);
    entry.declared = declared == nullptr ? relation.name : declared->name;
    for (const Purpose* purpose : out.purposes)
      entry.rows.push_back(rows_shown(*generation, relation, *purpose));
    for (const ProtectedColumn& column : relation.columns) {
      ColumnEntry& added = entry.columns.emplace_back();
      added.rule = &column;
      for (std::size_t i = 0; i < out.purposes.size(); ++i)
        added.uses.push_back(use_of(*generation, relation, column, *out.purposes[i], entry.rows[i]));
    }
    out.tables.push_back(std::move(entry));
  }
  std::sort(out.tables.begin(), out.tables.end(),
            [](const TableEntry& a, const TableEntry& b) { return a.rule->name < b.rule->name; });
  for (parser::Oid oid : policy.trusted_functions) {
    auto function = generation->catalog().functions.find(oid);
    if (function == generation->catalog().functions.end()) continue;
    // The store's own judge for themselves what a caller may do.
    if (function->second.schema != rules::store_schema)
      out.trusted_functions.push_back(function->second.identity);
  }
  std::sort(out.trusted_functions.begin(), out.trusted_functions.end());
  out.generation = std::move(generation);
  return out;
}

std::vector<TableGroup> groups_of(const Statement& statement) {
  std::vector<TableGroup> groups;
  for (const TableEntry& table : statement.tables) {
    if (table.rule->name == table.declared) groups.push_back({&table, 0});
  }
  for (const TableEntry& table : statement.tables) {
    if (table.rule->name == table.declared) continue;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const TableGroup& candidate) {
      const TableEntry& other = *candidate.table;
      return other.declared == table.declared && other.rows == table.rows &&
             std::equal(other.columns.begin(), other.columns.end(), table.columns.begin(),
                        table.columns.end(), same);
    });
    if (group == groups.end()) {
      groups.push_back({&table, 0});
    } else {
      ++group->parts;
    }
  }
  std::sort(groups.begin(), groups.end(), [](const TableGroup& a, const TableGroup& b) {
    return a.table->rule->name < b.table->rule->name;
  });
  return groups;
}

std::vector<std::string> categories_of(const Statement& statement) {
  std::set<std::string> categories;
  for (const TableEntry& table : statement.tables) {
    for (const ColumnEntry& column : table.columns) {
      if (!column.rule->is_public && !column.rule->category.empty()) categories.insert(column.rule->category);
    }
  }
  return {categories.begin(), categories.end()};
}

}  // namespace pgconsent::openness
