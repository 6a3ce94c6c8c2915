// rules.yaml as read: every value with its place in the file, names not yet looked up in a catalog.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parser/catalog/snapshot.h"
#include "rules/diagnostic.h"
#include "rules/policy.h"

namespace pgconsent::rules {

struct RuleSet;  // rules/rule_set_data.h: private to the reader and the binder
using RuleSetPtr = std::shared_ptr<const RuleSet>;

struct ReadResult {
  RuleSetPtr rules;  // null when there are errors
  Diagnostics diagnostics;
};
// Reads and checks everything that needs no catalog. Never throws on bad input.
ReadResult read_rules(const std::filesystem::path& file);
ReadResult parse_rules(std::string_view yaml, const std::string& file_name);

struct BindResult {
  PolicyPtr policy;  // null when there are errors
  Diagnostics diagnostics;
};
// Binds the rules to one database's catalog: tables, columns, keys and types must exist and fit.
BindResult bind_rules(const RuleSet& rules, const parser::Snapshot& catalog);

}  // namespace pgconsent::rules
