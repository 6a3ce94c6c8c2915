// Which relation stands under which rule: by its own name, by inheritance, by a wildcard.
#include <algorithm>
#include <map>
#include <set>

#include "rules/binder.h"
#include "rules/fields.h"

namespace pgconsent::rules {

namespace {

using parser::Relation;

struct Assignment {
  const TableRule* rule = nullptr;
  const Relation* declared = nullptr;
};
using Assignments = std::map<Oid, Assignment>;  // ordered: messages must not depend on hash order

void assign_named(const Binding& binding, Assignments& assigned, Reporter& report) {
  for (const TableRule& rule : binding.rules.tables) {
    if (rule.name.is_wildcard()) continue;
    const Relation* relation = find_relation(binding, rule.name, report);
    if (relation != nullptr) assigned[relation->oid] = {&rule, relation};
  }
}

// Children and partitions, recursively, take over the rule of a parent unless they have one already.
void inherit(const Binding& binding, Assignments& assigned, Reporter& report) {
  const Assignments roots = assigned;
  std::set<Oid> conflicts;
  for (const auto& [oid, assignment] : roots) {
    std::vector<const Relation*> open{binding.catalog.relation(oid)};
    std::set<Oid> seen{oid};
    while (!open.empty()) {
      const Relation* parent = open.back();
      open.pop_back();
      for (Oid child : parent->children) {
        const Relation* relation = binding.catalog.relation(child);
        if (relation == nullptr || roots.contains(child) || !seen.insert(child).second) continue;
        auto [it, added] = assigned.try_emplace(child, assignment);
        if (!added && it->second.rule != assignment.rule && conflicts.insert(child).second) {
          report.error(assignment.rule->name.at,
                       in_backticks(display(*relation)) + " inherits different rules from " +
                           in_backticks(display(*it->second.declared)) + " and " +
                           in_backticks(display(*assignment.declared)),
                       "give it an entry of its own");
        }
        open.push_back(relation);
      }
    }
  }
}

void assign_wildcards(const Binding& binding, Assignments& assigned, Reporter& report) {
  std::vector<const TableRule*> wildcards;
  for (const TableRule& rule : binding.rules.tables) {
    if (rule.name.is_wildcard()) wildcards.push_back(&rule);
  }
  if (wildcards.empty()) return;
  std::map<Oid, const Relation*> candidates;
  for (const auto& [oid, relation] : binding.catalog.relations) {
    if (holds_rows(relation) && !is_system_schema(relation.schema)) candidates.emplace(oid, &relation);
  }
  std::set<const TableRule*> used;
  Assignments found;
  for (const auto& [oid, relation] : candidates) {
    const TableRule* match = nullptr;
    for (const TableRule* rule : wildcards) {
      if (!rule->name.matches(relation->schema, relation->name)) continue;
      used.insert(rule);
      if (match != nullptr && !assigned.contains(oid)) {
        report.error(rule->name.at,
                     in_backticks(display(*relation)) + " matches both " +
                         in_backticks(match->name.display()) + " and " + in_backticks(rule->name.display()),
                     "give it an entry of its own");
      }
      if (match == nullptr) match = rule;
    }
    if (match != nullptr && !assigned.contains(oid)) found[oid] = {match, relation};
  }
  assigned.merge(found);
  for (const TableRule* rule : wildcards) {
    if (!used.contains(rule)) {
      report.warning(rule->name.at, "no table matches " + in_backticks(rule->name.display()));
    }
  }
}

// Reading a parent shows the rows of its children: what a child protects, an unprotected parent would give
// away.
void check_parents(const Binding& binding, const Assignments& assigned, Reporter& report) {
  for (const auto& [oid, assignment] : assigned) {
    auto bound = binding.policy.relations.find(oid);
    const Relation* relation = binding.catalog.relation(oid);
    if (bound == binding.policy.relations.end()) continue;
    for (Oid parent_oid : relation->parents) {
      const Relation* parent = binding.catalog.relation(parent_oid);
      if (parent == nullptr || assigned.contains(parent_oid)) continue;
      const bool shows = std::any_of(bound->second.columns.begin(), bound->second.columns.end(),
                                     [&](const ProtectedColumn& column) {
                                       return !column.is_public && parent->column(column.name) != nullptr;
                                     });
      if (shows) {
        report.error(assignment.rule->name.at,
                     in_backticks(display(*relation)) + " is protected, but its parent " +
                         in_backticks(display(*parent)) + " shows the same rows and is not",
                     "give " + in_backticks(display(*parent)) + " an entry: its children inherit it");
      }
    }
  }
}

}  // namespace

void bind_tables(Binding& binding, Reporter& report) {
  // A table's own entry, then that of a named parent, then a wildcard, then that of a wildcard's parent.
  Assignments assigned;
  assign_named(binding, assigned, report);
  inherit(binding, assigned, report);
  assign_wildcards(binding, assigned, report);
  inherit(binding, assigned, report);

  // Warnings once per rule, errors of every relation that it names. What is wrong with a parent is wrong with
  // its children: theirs count only when the parents are fine.
  std::set<const TableRule*> reported;
  auto bind = [&](Oid oid, const Assignment& assignment, bool report_errors) {
    Diagnostics scratch;
    Reporter quiet(report.file(), scratch);
    Reporter& to = reported.insert(assignment.rule).second ? report : quiet;
    const Relation& relation = *binding.catalog.relation(oid);
    binding.policy.relations[oid] =
        bind_relation(binding, *assignment.rule, relation, *assignment.declared, to);
    if (report_errors) report.take_errors(scratch);
  };
  for (const auto& [oid, assignment] : assigned) {
    if (assignment.declared->oid == oid) bind(oid, assignment, true);
  }
  const bool parents_are_fine = report.errors() == 0;
  for (const auto& [oid, assignment] : assigned) {
    if (assignment.declared->oid != oid) bind(oid, assignment, parents_are_fine);
  }
  check_parents(binding, assigned, report);
}

}  // namespace pgconsent::rules
