#include "proxy/enforce/catalog_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "parser/reach/builtin_lists.h"
#include "proxy/enforce/subject_columns.h"

namespace pgconsent::enforce {

namespace {

using parser::Oid;
using parser::Relation;

bool is_among(std::string_view name, std::string_view names) {
  return fmt::format(" {} ", names).find(fmt::format(" {} ", name)) != std::string::npos;
}

bool any_lookup(const rules::Policy& policy) {
  return std::any_of(policy.relations.begin(), policy.relations.end(), [](const auto& relation) {
    const auto& columns = relation.second.columns;
    return std::any_of(columns.begin(), columns.end(),
                       [](const auto& column) { return column.lookup_equality; });
  });
}

// What is read for the rows that a statement has found, and for no others: consent, conditions, hops, the
// subjects' own rows; through views, and their children.
std::set<Oid> guard_relations(const Generation& generation) {
  const rules::Policy& policy = generation.policy();
  std::vector<Oid> queue(policy.consent_relations.begin(), policy.consent_relations.end());
  queue.insert(queue.end(), policy.store_relations.begin(), policy.store_relations.end());
  const auto& conditions = generation.conditions().relations();
  queue.insert(queue.end(), conditions.begin(), conditions.end());
  for (const auto& [oid, relation] : policy.relations) {
    for (const rules::SubjectPath& path : relation.subjects) {
      for (const rules::SubjectPath::Hop& hop : path.hops) queue.push_back(hop.relation);
    }
  }
  for (const auto& [name, kind] : policy.subjects) {
    if (reads_own_row(policy, kind)) queue.push_back(kind.relation);
  }
  std::set<Oid> all;
  while (!queue.empty()) {
    const Relation* relation = generation.catalog().relation(queue.back());
    queue.pop_back();
    if (relation == nullptr || !all.insert(relation->oid).second) continue;
    queue.insert(queue.end(), relation->children.begin(), relation->children.end());
    queue.insert(queue.end(), relation->depends_on.begin(), relation->depends_on.end());
  }
  return all;
}

// The statistics of these relations are NULL, if there are any.
std::string not_among(const std::set<Oid>& relations) {
  return relations.empty()
             ? std::string()
             : fmt::format("t.relid OPERATOR(pg_catalog.<>) ALL (CAST('{{{}}}' AS pg_catalog.oid[]))",
                           fmt::join(relations, ","));
}

rules::ProtectedRelation rule_of(const Relation& relation, std::string_view blank, std::string_view of_guards,
                                 const std::string& shown_where) {
  rules::ProtectedRelation rule;
  rule.oid = rule.declared = relation.oid;
  rule.name = relation.schema + "." + relation.name;
  for (const parser::Column& column : relation.columns) {
    rules::ProtectedColumn entry;
    entry.attnum = column.attnum;
    entry.name = column.name;
    const bool is_of_guards = !shown_where.empty() && is_among(column.name, of_guards);
    if (is_of_guards) entry.shown_where = shown_where;
    entry.is_public = !is_of_guards && !is_among(column.name, blank);
    entry.rule = rule.name + "." + column.name + " (built in)";
    rule.columns.push_back(std::move(entry));
  }
  return rule;
}

}  // namespace

std::unordered_map<Oid, rules::ProtectedRelation> catalog_rules(const Generation& generation) {
  std::unordered_map<Oid, rules::ProtectedRelation> out;
  const std::string shown_where =
      any_lookup(generation.policy()) ? not_among(guard_relations(generation)) : std::string();
  for (const auto& [oid, relation] : generation.catalog().relations) {
    if (generation.functions().reaches_protected(oid) != parser::RelationReach::blank_columns) continue;
    const parser::CatalogRule* rule = parser::catalog_rule(relation.name);
    out[oid] = rule_of(relation, rule->columns, rule->columns_of_guards, shown_where);
  }
  // The default that ALTER TABLE ADD COLUMN keeps: a constant, but of a protected table. What reads the
  // catalog otherwise is untouched by it.
  if (const Relation* attributes = generation.catalog().relation("pg_catalog", "pg_attribute"))
    out[attributes->oid] = rule_of(*attributes, "attmissingval", {}, {});
  return out;
}

}  // namespace pgconsent::enforce
