// `pgconsent check`: what of the protected tables themselves the rules do not cover: code that runs on their
// rows, and indexes whose order tells of masked values.
#include "proxy/cli_check_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "proxy/enforce/row_triggers.h"

namespace pgconsent {

namespace {

using rules::Diagnostic;

std::string name_of(const parser::Relation& relation) {
  return relation.schema + "." + relation.name;
}

// In the order of their names.
std::map<std::string, const parser::Relation*> written_tables(const enforce::Generation& generation) {
  std::map<std::string, const parser::Relation*> out;
  auto add = [&](parser::Oid oid) {
    const parser::Relation* relation = generation.catalog().relation(oid);
    if (relation != nullptr) out.emplace(name_of(*relation), relation);
  };
  for (const auto& [oid, rules] : generation.policy().relations) add(oid);
  for (const auto& [oid, columns] : generation.subject_columns().all()) add(oid);
  return out;
}

}  // namespace

void check_row_code(const enforce::Generation& generation, const std::string& where,
                    rules::Diagnostics& diagnostics) {
  for (const auto& [name, relation] : written_tables(generation)) {
    const auto* code = generation.untrusted_code(relation->oid, true);
    if (!code) continue;
    const std::string what =
        code->column.empty() ? std::string("may show protected rows")
        : code->column == "*"
            ? std::string("may put another row in the place of one that decides about masks")
            : fmt::format("may change column `{}`, which decides about masks", code->column);
    diagnostics.push_back({Diagnostic::Severity::warning,
                           {where, 0, 0},
                           fmt::format("`{}`, which writes to `{}` run, {}: such writes are refused",
                                       code->function->identity, name, what),
                           "list it under `functions: trusted` if it is harmless"});
  }
}

void check_indexes(const enforce::Generation& generation, ControlQueries& queries, const std::string& where,
                   rules::Diagnostics& diagnostics) {
  std::vector<parser::Oid> relations;
  for (const auto& [oid, rules] : generation.policy().relations) relations.push_back(oid);
  for (const ControlQueries::Index& index : queries.indexes(relations)) {
    const rules::ProtectedRelation& rules = *generation.policy().relation(index.relation);
    if (index.size < 2 && !index.partial) continue;
    for (parser::AttrNumber attnum : index.columns) {
      const rules::ProtectedColumn* column = rules.column(attnum);
      if (column == nullptr || column->is_public) continue;
      diagnostics.push_back(
          {Diagnostic::Severity::warning,
           {where, 0, 0},
           fmt::format(
               "index `{}` of `{}` holds the masked column `{}` {}: rows that are found by the index come "
               "in its order, which tells how masked values compare",
               index.name, rules.name, column->name, index.size < 2 ? "of some rows" : "beside others"),
           "give the masked column an index of its own (CREATE INDEX … USING hash), and the others theirs"});
      break;
    }
  }
}

}  // namespace pgconsent
