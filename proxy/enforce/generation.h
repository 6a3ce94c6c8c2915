// One immutable set of what is in force in a database: its catalog, the rules bound to it, and what follows
// from both. Shared between threads, swapped whole.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "parser/bind/name_resolver.h"
#include "parser/catalog/snapshot.h"
#include "parser/reach/function_reach.h"
#include "proxy/enforce/code_reads.h"
#include "proxy/enforce/row_triggers.h"
#include "proxy/enforce/rule_conditions.h"
#include "proxy/enforce/subject_columns.h"
#include "proxy/enforce/view_rules.h"
#include "rules/policy.h"
#include "rules/rule_set.h"

namespace pgconsent::enforce {

struct GenerationOptions {
  std::string pseudonym_key;  // secret bytes; empty: rules with the mask `pseudonym` do not load
};

class Generation {
 public:
  const parser::Snapshot& catalog() const { return *catalog_; }
  const parser::SnapshotPtr& catalog_ptr() const { return catalog_; }
  const rules::Policy& policy() const { return *policy_; }
  const rules::RuleSetPtr& rules() const { return rules_; }
  const GenerationOptions& options() const { return options_; }
  // Unique in this process.
  std::uint64_t id() const { return id_; }

  parser::RelationReach reach(const parser::ResolvedName& name) const;
  // The rules for a relation: those of the policy, those that follow for a view, or the built-in ones for
  // catalogs with other sessions' query text.
  // With a purpose: also those that follow for it alone.
  const rules::ProtectedRelation* protected_relation(parser::Oid oid,
                                                     const rules::Purpose* purpose = nullptr) const;
  // May the column never arrive raw, unless a plan says so?
  bool is_protected_column(parser::Oid oid, parser::AttrNumber attnum) const;
  bool is_built_in_rule(parser::Oid oid) const { return catalog_rules_.contains(oid); }
  // Could this bare name mean a relation that shows protected data, in any schema?
  bool is_sensitive_name(std::string_view name) const;
  // May a relation of this name hide rows? What refers to them would ask whether they are there.
  bool may_hide_rows(std::string_view relation) const;
  // Is it the name of a relation, column, schema or function? (for the audit's normalised text)
  bool is_known_name(std::string_view name) const;

  const parser::FunctionReach& functions() const { return *functions_; }
  const CodeReads& code_reads() const { return *code_reads_; }
  const SubjectColumns& subject_columns() const { return *subject_columns_; }

  // What writes to a relation run, that somebody would have to vouch for; null: nothing. Of this relation
  // alone. `updates`: its rows may change, not only come and go.
  const UntrustedCode* untrusted_code(parser::Oid oid, bool updates) const;

  // Does it decide about subjects, or is it a view (or has it rules) over what does?
  bool leads_to_subjects(parser::Oid oid) const { return leading_.contains(oid); }

  // Relations that were protected before the catalog changed, and that no rule reaches any more.
  const std::unordered_set<parser::Oid>& orphans() const { return orphans_; }

  rules::Decision decide(const rules::ProtectedRelation& relation, const rules::Purpose* purpose,
                         const rules::ProtectedColumn& column) const {
    return rules::decide(*policy_, relation, purpose, column);
  }

  // Does a parameter have the same value wherever it stands? Not where somebody's cast leads to a built-in
  // type: the parameter may be of the cast's type, and each place run the cast's code.
  bool parameters_are_steady() const { return parameters_are_steady_; }

  // Has somebody an operator of this name whose code is not a superuser's?
  bool is_defined_operator(std::string_view name) const { return defined_operators_.contains(name); }

  // The conditions of the rules as generated SQL.
  const RuleConditions& conditions() const { return conditions_; }
  // Hex; another for every purpose.
  std::string pseudonym_key(const rules::Purpose* purpose) const;

 private:
  friend struct GenerationBuilder;
  Generation() = default;

  std::uint64_t id_ = 0;
  parser::SnapshotPtr catalog_;
  rules::PolicyPtr policy_;
  rules::RuleSetPtr rules_;
  GenerationOptions options_;
  std::unique_ptr<parser::FunctionReach> functions_;
  std::unique_ptr<CodeReads> code_reads_;
  std::unique_ptr<SubjectColumns> subject_columns_;
  std::unordered_map<parser::Oid, rules::ProtectedRelation> catalog_rules_;
  ViewRules view_rules_;
  std::map<std::string, ViewRules, std::less<>> view_rules_by_purpose_;  // of views without rules in general
  std::unordered_set<parser::Oid> orphans_, leading_;
  std::unordered_set<std::string_view> sensitive_names_, known_names_, defined_operators_;
  RuleConditions conditions_;
  bool parameters_are_steady_ = true;
  std::unordered_map<parser::Oid, UntrustedCode> untrusted_;
};

using GenerationPtr = std::shared_ptr<const Generation>;

struct GenerationResult {
  GenerationPtr generation;  // null when the rules can't be enforced on this catalog
  rules::Diagnostics diagnostics;
};
// Rules stay with the table that they were bound to: what was protected in `before` (the same rules over an
// older catalog; may be null) and is there still, renamed or detached, is refused until the rules are loaded
// anew.
GenerationResult make_generation(parser::SnapshotPtr catalog, rules::RuleSetPtr rules,
                                 const GenerationOptions& options, const Generation* before = nullptr);

}  // namespace pgconsent::enforce
