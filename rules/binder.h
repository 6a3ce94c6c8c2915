// From names to OIDs, one file per section. Private to rules/.
#pragma once

#include "parser/catalog/snapshot.h"
#include "rules/rule_set_data.h"

namespace pgconsent::rules {

// REQUIRES: both outlive the binding.
struct Binding {
  const RuleSet& rules;
  const parser::Snapshot& catalog;
  Policy policy;
  mutable int hints_left = 20;  // each is a search through the whole catalog
};

// Subject kinds and their consent sources; then tables, which refer to them; functions and applications last.
void bind_subjects(Binding& binding, Reporter& report);
void bind_consent(Binding& binding, Reporter& report);
void bind_builtin_source(Binding& binding, const ConsentRule& rule, const SubjectKind& kind,
                         ConsentSource& source, Reporter& report);
void bind_tables(Binding& binding, Reporter& report);
void bind_functions(Binding& binding, Reporter& report);
void bind_applications(Binding& binding, Reporter& report);

// One relation under one rule, by column names. `declared` is the relation that the rules name.
ProtectedRelation bind_relation(const Binding& binding, const TableRule& rule,
                                const parser::Relation& relation, const parser::Relation& declared,
                                Reporter& report);
void bind_paths(const Binding& binding, const SubjectRule& subject, const parser::Relation& relation,
                ProtectedRelation& out, Reporter& report);

// Null and reported when there is no such thing, or when it holds no rows.
const parser::Relation* find_relation(const Binding& binding, const TableName& name, Reporter& report);
const parser::Column* find_column(const parser::Relation& relation, const Text& name, Reporter& report);

bool holds_rows(const parser::Relation& relation);  // tables, views, … as opposed to sequences, indexes, …
bool is_system_schema(std::string_view schema);

// Is at most one row found by equality on these columns? (rows of inheritance children included)
bool finds_one_row(const parser::Relation& relation, const std::vector<AttrNumber>& columns);

std::string display(const parser::Relation& relation);  // schema.name

}  // namespace pgconsent::rules
