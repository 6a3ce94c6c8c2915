// `source: builtin`: the compiled rows that `pgconsent init` has made for the kind, and the numbers of its
// bits.
#include "rules/binder.h"
#include "rules/builtin_store.h"
#include "rules/types.h"

namespace pgconsent::rules {

namespace {

constexpr std::string_view init_hint = "run `pgconsent init`";

using parser::Relation;

// Who can act as the store's owner gives consent in everybody's name.
bool is_member(const parser::Snapshot& catalog, const std::string& role, const std::string& of, int depth) {
  if (role == of) return true;
  auto found = catalog.roles.find(role);
  if (found == catalog.roles.end() || depth > 32) return false;
  for (const std::string& group : found->second.member_of) {
    if (is_member(catalog, group, of, depth + 1)) return true;
  }
  return false;
}

void check_owner(const Binding& binding, const Relation& compiled, Place at, Reporter& report) {
  for (const ApplicationRule& application : binding.rules.applications) {
    if (application.exempt || !is_member(binding.catalog, application.role.text, compiled.owner, 0)) continue;
    report.error(at,
                 "the consent store belongs to role " + in_backticks(compiled.owner) + ", which role " +
                     in_backticks(application.role.text) + " may act as",
                 "let a role of its own run `pgconsent init`");
  }
}

// What applications may do with the store is what its public functions do.
void close_store(Binding& binding) {
  Policy& policy = binding.policy;
  for (const auto& [oid, relation] : binding.catalog.relations) {
    if (relation.schema == store_schema) policy.store_relations.insert(oid);
  }
  for (const auto& [oid, function] : binding.catalog.functions) {
    if (function.schema != store_schema) continue;
    const bool is_public = function.security_definer && is_public_store_function(function.name);
    (is_public ? policy.trusted_functions : policy.refused_functions).insert(oid);
  }
}

bool has_words(const Relation& compiled, int number) {
  const std::string word = std::to_string(number / store_bits_per_word);
  for (const char* bits : {"given_", "limited_", "withdrawn_", "objected_"}) {
    if (compiled.column(bits + word) == nullptr) return false;
  }
  return true;
}

void bind_bits(const Binding& binding, const Relation& compiled, const ConsentRule& rule,
               ConsentSource& source, Reporter& report) {
  const std::optional<StoreNumbering> numbering = read_numbering(binding.catalog);
  if (!numbering || numbering->version < store_version) {
    return report.error(rule.kind.at, "the consent store is of an older version", std::string(init_hint));
  }
  if (numbering->version > store_version) {
    return report.error(rule.kind.at,
                        "the consent store has version " + std::to_string(numbering->version) +
                            ", this pgconsent knows " + std::to_string(store_version),
                        "use the newer pgconsent");
  }
  source.bits = numbering->pairs;
  for (const PurposeRule& purpose : binding.rules.purposes) {
    std::vector<std::string> categories{""};
    for (const BasisRule& basis : purpose.lawful_basis) categories.push_back(basis.category.text);
    for (const std::string& category : categories) {
      auto bit = source.bits.find({purpose.name.text, category});
      if (bit != source.bits.end() && !has_words(compiled, bit->second))
        return report.error(rule.kind.at,
                            "table " + in_backticks("pgconsent." + compiled.name) + " has lost columns",
                            "restore it from a backup");
      if (bit != source.bits.end()) continue;
      report.error(purpose.name.at,
                   "the consent store does not know purpose " + in_backticks(purpose.name.text) +
                       (category.empty() ? "" : " with category " + in_backticks(category)),
                   std::string(init_hint));
    }
  }
}

}  // namespace

void bind_builtin_source(Binding& binding, const ConsentRule& rule, const SubjectKind& kind,
                         ConsentSource& source, Reporter& report) {
  close_store(binding);
  const Relation* compiled = binding.catalog.relation(store_schema, compiled_table(rule.kind.text));
  const parser::Column* subject = compiled == nullptr ? nullptr : compiled->column("subject");
  if (subject == nullptr) {
    return report.error(rule.kind.at,
                        "the consent store of subject kind " + in_backticks(rule.kind.text) + " is not there",
                        std::string(init_hint));
  }
  source.relation = compiled->oid;
  source.subject = subject->attnum;
  source.one_row = finds_one_row(*compiled, {subject->attnum});
  binding.policy.consent_relations.insert(compiled->oid);
  const Relation* subjects = binding.catalog.relation(kind.relation);
  const parser::Column* key = subjects == nullptr ? nullptr : subjects->column(kind.key);
  if (key != nullptr && (!source.one_row || !comparable(binding.catalog, *subject, *key))) {
    report.error(rule.kind.at,
                 "the consent store of subject kind " + in_backticks(rule.kind.text) +
                     " was made for a key of type " + type_name(*subject) + ", not " + type_name(*key),
                 "export its events, drop it and run `pgconsent init`");
  }
  check_owner(binding, *compiled, rule.kind.at, report);
  bind_bits(binding, *compiled, rule, source, report);
}

}  // namespace pgconsent::rules
