#include "proxy/enforce/generation.h"

#include <openssl/evp.h>

#include <algorithm>
#include <atomic>

#include "proxy/enforce/catalog_rules.h"

namespace pgconsent::enforce {

namespace {

using parser::Relation;
using parser::RelationReach;

std::string sha256_hex(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &length, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < length; ++i) {
    hex.push_back("0123456789abcdef"[digest[i] >> 4]);
    hex.push_back("0123456789abcdef"[digest[i] & 15]);
  }
  return hex;
}

}  // namespace

RelationReach Generation::reach(const parser::ResolvedName& name) const {
  // A temporary relation holds what its session has seen: T' only.
  if (name.relation == nullptr) return RelationReach::none;
  if (catalog_rules_.contains(name.relation->oid)) return RelationReach::blank_columns;
  return functions_->reaches_protected(name.relation->oid);
}

const rules::ProtectedRelation* Generation::protected_relation(parser::Oid oid,
                                                               const rules::Purpose* purpose) const {
  if (const rules::ProtectedRelation* relation = policy_->relation(oid)) return relation;
  auto find = [&](const ViewRules& rules) -> const rules::ProtectedRelation* {
    auto view = rules.find(oid);
    return view == rules.end() ? nullptr : &view->second;
  };
  if (const auto* view = find(view_rules_)) return view;
  if (auto own =
          purpose == nullptr ? view_rules_by_purpose_.end() : view_rules_by_purpose_.find(purpose->name);
      own != view_rules_by_purpose_.end()) {
    if (const auto* view = find(own->second)) return view;
  }
  auto it = catalog_rules_.find(oid);
  return it == catalog_rules_.end() ? nullptr : &it->second;
}

bool Generation::is_protected_column(parser::Oid oid, parser::AttrNumber attnum) const {
  auto is_protected = [&](const rules::ProtectedRelation& relation) {
    const rules::ProtectedColumn* rule = relation.column(attnum);
    return attnum > 0 && (rule == nullptr || !rule->is_public);
  };
  if (const rules::ProtectedRelation* relation = protected_relation(oid)) return is_protected(*relation);
  return std::any_of(view_rules_by_purpose_.begin(), view_rules_by_purpose_.end(), [&](const auto& own) {
    auto view = own.second.find(oid);
    return view != own.second.end() && is_protected(view->second);
  });
}

bool Generation::is_sensitive_name(std::string_view name) const {
  return sensitive_names_.contains(name);
}

bool Generation::may_hide_rows(std::string_view relation) const {
  const auto& relations = policy().relations;
  return std::any_of(relations.begin(), relations.end(), [&](const auto& each) {
    const parser::Relation* known = catalog().relation(each.first);
    return known != nullptr && known->name == relation && each.second.hides_rows();
  });
}

const UntrustedCode* Generation::untrusted_code(parser::Oid oid, bool updates) const {
  const auto it = untrusted_.find(oid);
  const bool is_run = it != untrusted_.end() && (updates || it->second.column.empty());
  return is_run ? &it->second : nullptr;
}

bool Generation::is_known_name(std::string_view name) const {
  return known_names_.contains(name);
}

std::string Generation::pseudonym_key(const rules::Purpose* purpose) const {
  return sha256_hex(options_.pseudonym_key + '\0' + (purpose == nullptr ? "" : purpose->name));
}

struct GenerationBuilder {
  std::shared_ptr<Generation> generation{new Generation()};
  rules::Diagnostics diagnostics;

  bool bind(parser::SnapshotPtr catalog, rules::RuleSetPtr rules, const GenerationOptions& options) {
    static std::atomic<std::uint64_t> next_id{1};
    generation->id_ = next_id++;
    generation->options_ = options;
    rules::BindResult bound = rules::bind_rules(*rules, *catalog);
    diagnostics = std::move(bound.diagnostics);
    generation->catalog_ = std::move(catalog);
    generation->rules_ = std::move(rules);
    generation->policy_ = std::move(bound.policy);
    return generation->policy_ != nullptr;
  }

  void conditions() {
    generation->conditions_ = RuleConditions(*generation->catalog_, *generation->policy_, diagnostics);
  }

  void pseudonyms() {
    if (!generation->options_.pseudonym_key.empty()) return;
    for (const auto& [oid, relation] : generation->policy_->relations) {
      for (const rules::ProtectedColumn& column : relation.columns) {
        if (column.is_public || column.mask.kind != rules::Mask::Kind::pseudonym) continue;
        error(column.rule + ": the mask `pseudonym` needs a key",
              "set `pseudonym_key_file` in pgconsent.yaml");
      }
    }
  }

  // C and internal functions are a superuser's.
  void casts_and_operators() {
    const parser::Snapshot& catalog = *generation->catalog_;
    const auto is_native = [&](parser::Oid oid) {
      const parser::Function* function = catalog.function(oid);
      return function != nullptr && (function->language == "c" || function->language == "internal");
    };
    generation->parameters_are_steady_ =
        std::none_of(catalog.casts.begin(), catalog.casts.end(), [&](const parser::Cast& cast) {
          return cast.target < parser::first_user_oid && !is_native(cast.function);
        });
    for (const parser::Operator& op : catalog.operators) {
      if (op.oid >= parser::first_user_oid && !is_native(op.function))
        generation->defined_operators_.insert(op.name);
    }
  }

  void orphans(const Generation& before) {
    auto add = [&](parser::Oid oid) {
      if (generation->catalog_->relation(oid) != nullptr && generation->policy_->relation(oid) == nullptr)
        generation->orphans_.insert(oid);
    };
    for (const auto& [oid, relation] : before.policy_->relations) add(oid);
    for (parser::Oid oid : before.orphans_) add(oid);
  }

  void subject_columns() {
    generation->subject_columns_ = std::make_unique<SubjectColumns>(
        *generation->catalog_, *generation->policy_, generation->conditions_.relations());
    auto& leading = generation->leading_;
    for (bool grown = true; grown;) {
      grown = false;
      for (const auto& [oid, relation] : generation->catalog_->relations) {
        const bool passes_on = relation.kind == parser::RelationKind::view || relation.has_rules;
        const bool leads =
            !generation->subject_columns_->of(oid).empty() ||
            generation->subject_columns_->delete_changes_subjects(oid) ||
            !generation->subject_columns_->gaps(oid).empty() ||
            (passes_on && std::any_of(relation.depends_on.begin(), relation.depends_on.end(),
                                      [&](parser::Oid used) { return leading.contains(used); }));
        if (leads) grown |= leading.insert(oid).second;
      }
    }
  }

  void untrusted_code() {
    for (const auto& [oid, relation] : generation->catalog_->relations) {
      if (auto code = find_untrusted_code(*generation, relation))
        generation->untrusted_.emplace(oid, std::move(*code));
    }
  }

  void reach() {
    known_names();
    subject_columns();
    untrusted_code();
    parser::ReachOptions options;
    options.is_masked = [policy = generation->policy_](parser::Oid oid, parser::AttrNumber column) {
      const rules::ProtectedRelation* relation = policy->relation(oid);
      const rules::ProtectedColumn* rule = relation == nullptr ? nullptr : relation->column(column);
      return rule == nullptr || !rule->is_public;
    };
    for (const auto& [oid, code] : generation->untrusted_) options.untrusted_relations.insert(oid);
    for (const auto& [oid, relation] : generation->policy_->relations)
      options.protected_relations.insert(oid);
    options.trusted_functions.insert(generation->policy_->trusted_functions.begin(),
                                     generation->policy_->trusted_functions.end());
    options.denied_relations.insert(generation->policy_->store_relations.begin(),
                                    generation->policy_->store_relations.end());
    options.unwritable_relations = generation->leading_;
    options.orphaned_relations = generation->orphans_;
    options.deciding_relations.insert(generation->policy_->consent_relations.begin(),
                                      generation->policy_->consent_relations.end());
    const auto& read = generation->conditions_.relations();
    options.deciding_relations.insert(read.begin(), read.end());
    options.conditions = generation->conditions_.texts();
    options.refused_functions.insert(generation->policy_->refused_functions.begin(),
                                     generation->policy_->refused_functions.end());
    generation->functions_ = std::make_unique<parser::FunctionReach>(generation->catalog_, options);
    generation->code_reads_ =
        std::make_unique<CodeReads>(generation->catalog_, *generation->policy_, options);
    view_rules();
    generation->catalog_rules_ = catalog_rules(*generation);
  }

  void view_rules() {
    auto derive = [&](const rules::Purpose* purpose) {
      return derive_view_rules(*generation->catalog_, *generation->policy_, *generation->functions_,
                               generation->conditions_, purpose);
    };
    generation->view_rules_ = derive(nullptr);
    for (const auto& [name, purpose] : generation->policy_->purposes) {
      ViewRules own = derive(&purpose);
      std::erase_if(own, [&](const auto& view) { return generation->view_rules_.contains(view.first); });
      if (!own.empty()) generation->view_rules_by_purpose_.emplace(name, std::move(own));
    }
  }

  void sensitive_names() {
    for (const auto& [oid, relation] : generation->catalog_->relations) {
      if (generation->functions_->reaches_protected(oid) != RelationReach::none)
        generation->sensitive_names_.insert(relation.name);
    }
  }

  void known_names() {
    for (const auto& [oid, relation] : generation->catalog_->relations) {
      generation->known_names_.insert(relation.name);
      for (const parser::Column& column : relation.columns) generation->known_names_.insert(column.name);
    }
    for (const std::string& schema : generation->catalog_->schemas) generation->known_names_.insert(schema);
    for (const auto& [oid, function] : generation->catalog_->functions) {
      if (function.schema != "pg_catalog") generation->known_names_.insert(function.name);
    }
  }

  void error(std::string message, std::string hint) {
    diagnostics.push_back({rules::Diagnostic::Severity::error, {}, std::move(message), std::move(hint)});
  }
};

GenerationResult make_generation(parser::SnapshotPtr catalog, rules::RuleSetPtr rules,
                                 const GenerationOptions& options, const Generation* before) {
  GenerationBuilder builder;
  if (builder.bind(std::move(catalog), std::move(rules), options)) {
    if (before != nullptr) builder.orphans(*before);
    builder.casts_and_operators();
    builder.conditions();
    builder.reach();
    builder.pseudonyms();
    builder.sensitive_names();
  }
  GenerationResult result;
  if (!rules::has_errors(builder.diagnostics)) result.generation = builder.generation;
  result.diagnostics = std::move(builder.diagnostics);
  return result;
}

}  // namespace pgconsent::enforce
