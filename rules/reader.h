// One function per section of rules.yaml. Private to rules/. Each reports its problems and keeps what it
// could read, names above all, so that one mistake does not cause others.
#pragma once

#include "rules/fields.h"
#include "rules/rule_set_data.h"

namespace pgconsent::rules {

void read_controller(const YamlNode& node, RuleSet& rules, Reporter& report);
void read_subjects(const YamlNode& node, RuleSet& rules, Reporter& report);
void read_consent(const YamlNode& node, RuleSet& rules, Reporter& report);
void read_categories(const YamlNode& node, RuleSet& rules, Reporter& report);
BasisRule read_bases_of_category(const Text& category, const YamlNode& node, const RuleSet& rules,
                                 Reporter& report);
void read_purposes(const YamlNode& node, RuleSet& rules, Reporter& report);
void read_tables(const YamlNode& node, RuleSet& rules, Reporter& report);
void read_applications(const YamlNode& node, RuleSet& rules, Reporter& report);
void read_functions(const YamlNode& node, RuleSet& rules, Reporter& report);

Description read_description(const YamlNode& node, std::string_view what, Reporter& report);
Description read_description(Fields& fields, Reporter& report);  // its key `description`

SubjectRule read_table_subject(const YamlNode& node, Reporter& report);

// Nothing when the text is one self-contained SQL condition as far as its tokens show, else what is wrong.
// The condition is put between parentheses into generated SQL: it must not reach beyond them.
std::string condition_problem(std::string_view sql);
// `key` of the fields as a condition, checked with condition_problem().
std::optional<Text> read_condition(const YamlNode& node, std::string_view key, Reporter& report);

// Everything that refers from one section to another: purposes, kinds and categories exist and make sense
// together.
void validate(const RuleSet& rules, Reporter& report);
// The purpose itself, then the purposes that it narrows, the nearest first.
std::vector<const PurposeRule*> chain_of(const RuleSet& rules, const PurposeRule& purpose);
// What bases need besides: narrower purposes, places for objections, regimes.
void validate_bases(const RuleSet& rules, Reporter& report);
// `dpv` and `tcf` of purposes and categories.
void validate_vocabulary(const RuleSet& rules, Reporter& report);
// Warnings about rules that have no effect. REQUIRES: validate() has found no error.
void check_coverage(const RuleSet& rules, Reporter& report);

std::optional<Text> read_identifier(const YamlNode& node, std::string_view what, Reporter& report);
std::optional<TableName> read_table_name(const YamlNode& node, std::string_view what, Reporter& report);

}  // namespace pgconsent::rules
