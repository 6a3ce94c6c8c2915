// `pgconsent check`: what of the protected tables themselves the rules do not cover: code that runs on their
// rows, and indexes whose order tells of masked values.
#include "proxy/cli_check_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/enforce/leakproof_types.h"
#include "proxy/enforce/row_triggers.h"
#include "rules/names.h"

namespace pgconsent {

namespace {

using rules::Diagnostic;

void warn(rules::Diagnostics& diagnostics, const std::string& where, std::string message, std::string hint) {
  diagnostics.push_back({Diagnostic::Severity::warning, {where, 0, 0}, std::move(message), std::move(hint)});
}

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

std::vector<parser::Oid> protected_relations(const enforce::Generation& generation) {
  std::vector<parser::Oid> relations;
  for (const auto& [oid, rules] : generation.policy().relations) relations.push_back(oid);
  return relations;
}

const rules::ProtectedColumn* first_masked(const rules::ProtectedRelation& rules,
                                           const std::vector<parser::AttrNumber>& columns) {
  for (parser::AttrNumber attnum : columns) {
    const rules::ProtectedColumn* column = rules.column(attnum);
    if (column != nullptr && !column->is_public) return column;
  }
  return nullptr;
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
    warn(diagnostics, where,
         fmt::format("`{}`, which writes to `{}` run, {}: such writes are refused", code->function->identity,
                     name, what),
         "list it under `functions: trusted` if it is harmless");
  }
  std::map<std::string, const parser::Relation*> all;  // in the order of their names
  for (const auto& [oid, relation] : generation.catalog().relations)
    if (oid >= parser::first_user_oid) all.emplace(name_of(relation), &relation);
  for (const auto& [name, relation] : all) {
    for (parser::Oid function : enforce::dangerous_functions(generation, *relation)) {
      if (generation.policy().refused_functions.contains(function)) continue;  // as the rules say
      warn(diagnostics, where,
           fmt::format("writes to `{}`, and to what is written with it, are refused: {}", name,
                       generation.functions().reason(function)),
           "list it under `functions: trusted` if it is harmless");
    }
  }
}

void check_search_paths(const enforce::Generation& generation, const std::string& where,
                        rules::Diagnostics& diagnostics) {
  using Name = std::pair<std::string_view, std::string_view>;  // of a function and of tables
  std::map<Name, std::vector<const parser::Relation*>> named;
  for (const parser::RowTables::Name& name : generation.functions().names_without_schema()) {
    const parser::Function* function = generation.catalog().function(name.function);
    const bool fixed = std::any_of(function->settings.begin(), function->settings.end(),
                                   [](const auto& setting) { return setting.starts_with("search_path="); });
    if (!fixed) named[{function->identity, name.relation->name}].push_back(name.relation);
  }
  std::string_view warned;
  for (const auto& [name, relations] : named) {
    const auto [function, table] = name;
    const auto open = std::find_if(relations.begin(), relations.end(), [&](const parser::Relation* relation) {
      return generation.policy().relation(relation->oid) == nullptr;
    });
    if (relations.size() < 2 || open == relations.end() || function == warned) continue;
    warned = function;
    warn(diagnostics, where,
         fmt::format("`{}` names `{}` without schema: who sets search_path has it take `{}`, which is not "
                     "protected, for another one",
                     function, table, name_of(**open)),
         fmt::format("write the schema, or ALTER FUNCTION {} SET search_path", function));
  }
}

void check_speed(const enforce::Generation& generation, const std::string& where,
                 rules::Diagnostics& diagnostics) {
  for (const auto& [oid, rules] : generation.policy().relations) {
    const parser::Relation* relation = generation.catalog().relation(oid);
    for (const rules::ProtectedColumn& rule : rules.columns) {
      const parser::Column* column = relation == nullptr ? nullptr : relation->column(rule.attnum);
      if (column == nullptr || !rule.lookup_equality || enforce::has_leakproof_equality(*column)) continue;
      warn(diagnostics, where,
           fmt::format(
               "`lookup: equality` of `{}.{}` has no effect: equality of its type or collation may tell of "
               "other values",
               rules.name, rule.name),
           "look the rows up by another column, or have the column be text of the default collation");
    }
  }
  for (const auto& [name, kind] : generation.policy().subjects) {
    if (!kind.consent || kind.consent->kind != rules::ConsentSource::Kind::table) continue;
    const parser::Relation* relation = generation.catalog().relation(kind.consent->relation);
    const bool table = relation != nullptr && relation->kind == parser::RelationKind::table;
    if (!table || kind.consent->one_row) continue;
    const auto& found = relation->found_by_index;
    if (std::find(found.begin(), found.end(), kind.consent->subject) != found.end()) continue;
    warn(diagnostics, where,
         fmt::format("`{}` has no index on `{}`: each statement reads the whole table", name_of(*relation),
                     relation->column(kind.consent->subject)->name),
         fmt::format("CREATE INDEX ON {} ({})", rules::display_name(relation->schema, relation->name),
                     rules::display_identifier(relation->column(kind.consent->subject)->name)));
  }
}

void check_indexes(const enforce::Generation& generation, ControlQueries& queries, const std::string& where,
                   rules::Diagnostics& diagnostics) {
  for (const ControlQueries::Index& index : queries.indexes(protected_relations(generation))) {
    const rules::ProtectedRelation& rules = *generation.policy().relation(index.relation);
    const rules::ProtectedColumn* column = first_masked(rules, index.columns);
    if ((index.size < 2 && !index.partial) || column == nullptr) continue;
    warn(diagnostics, where,
         fmt::format(
             "index `{}` of `{}` holds the masked column `{}` {}: rows that are found by the index come "
             "in its order, which tells how masked values compare",
             index.name, rules.name, column->name, index.size < 2 ? "of some rows" : "beside others"),
         "give the masked column an index of its own (CREATE INDEX … USING hash), and the others theirs");
  }
}

void check_partition_keys(const enforce::Generation& generation, ControlQueries& queries,
                          const std::string& where, rules::Diagnostics& diagnostics) {
  for (const ControlQueries::PartitionKey& key : queries.partition_keys(protected_relations(generation))) {
    const rules::ProtectedRelation& rules = *generation.policy().relation(key.relation);
    const rules::ProtectedColumn* column = first_masked(rules, key.columns);
    if (column == nullptr) continue;
    warn(diagnostics, where,
         fmt::format("`{}` is partitioned by the masked column `{}`: the bounds of partitions stand in "
                     "pg_class for everybody, and which partition a row is in tells of its value",
                     rules.name, column->name),
         "partition by a column that is public");
  }
}

}  // namespace pgconsent
