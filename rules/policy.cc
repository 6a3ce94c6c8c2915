#include "rules/policy.h"

#include <algorithm>

namespace pgconsent::rules {

std::string_view to_string(LawfulBasis basis) {
  switch (basis) {
    case LawfulBasis::consent:
      return "consent";
    case LawfulBasis::contract:
      return "contract";
    case LawfulBasis::legal_obligation:
      return "legal_obligation";
    case LawfulBasis::vital_interests:
      return "vital_interests";
    case LawfulBasis::public_task:
      return "public_task";
    case LawfulBasis::legitimate_interests:
      return "legitimate_interests";
  }
  return "";
}

std::string_view to_string(Regime regime) {
  switch (regime) {
    case Regime::gdpr:
      return "gdpr";
    case Regime::lgpd:
      return "lgpd";
    case Regime::ccpa:
      return "ccpa";
  }
  return "";
}

std::vector<const ListedBases*> CategoryBases::alternatives() const {
  std::vector<const ListedBases*> out;
  for (const auto& [regime, listed] : by_regime) out.push_back(&listed);
  if (out.empty()) out.push_back(&bases);
  return out;
}

const ProtectedColumn* ProtectedRelation::column(AttrNumber attnum) const {
  auto it = std::lower_bound(
      columns.begin(), columns.end(), attnum,
      [](const ProtectedColumn& column, AttrNumber wanted) { return column.attnum < wanted; });
  return it == columns.end() || it->attnum != attnum ? nullptr : &*it;
}

bool ProtectedRelation::hides_rows() const {
  return std::any_of(columns.begin(), columns.end(), [](const ProtectedColumn& each) {
    return !each.is_public && each.without_basis == WithoutBasis::hide_row;
  });
}

bool ProtectedRelation::shows_all(const std::vector<AttrNumber>& attnums) const {
  return !hides_rows() && !attnums.empty() &&
         std::all_of(attnums.begin(), attnums.end(), [&](AttrNumber attnum) {
           const ProtectedColumn* found = column(attnum);
           return found != nullptr && found->is_public;
         });
}

const ProtectedRelation* Policy::relation(Oid oid) const {
  auto it = relations.find(oid);
  return it == relations.end() ? nullptr : &it->second;
}

const Application* Policy::application(std::string_view role) const {
  auto it = applications.find(role);
  return it == applications.end() ? nullptr : &it->second;
}

const Purpose* Policy::purpose(std::string_view name) const {
  auto it = purposes.find(name);
  return it == purposes.end() ? nullptr : &it->second;
}

namespace {

// Holds for every subject, whatever is known of it.
bool is_unconditional(const ListedBasis& listed) {
  return listed.by_declaration() && listed.when.empty() && listed.until.empty();
}

bool may_be_restricted(const Policy& policy, const ProtectedRelation& relation, const Purpose& purpose) {
  if (purpose.under_restriction) return false;
  return std::any_of(relation.subjects.begin(), relation.subjects.end(), [&](const SubjectPath& path) {
    auto kind = policy.subjects.find(path.kind);
    return kind == policy.subjects.end() ||
           (kind->second.consent && kind->second.consent->tells_restriction());
  });
}

void add_basis(Decision& decision, LawfulBasis basis) {
  if (std::find(decision.bases.begin(), decision.bases.end(), basis) == decision.bases.end())
    decision.bases.push_back(basis);
}

}  // namespace

Decision decide(const Policy& policy, const ProtectedRelation& relation, const Purpose* purpose,
                std::string_view category) {
  if (purpose == nullptr || category.empty() || relation.subjects.empty()) return {};
  auto listed = purpose->lawful_basis.find(category);
  if (listed == purpose->lawful_basis.end()) return {};

  const auto alternatives = listed->second.alternatives();
  Decision always, by_row;
  bool declared = true;
  for (const ListedBases* bases : alternatives) {
    auto found = std::find_if(bases->begin(), bases->end(), is_unconditional);
    declared = declared && found != bases->end();
    if (found != bases->end()) add_basis(always, found->basis);
    for (const ListedBasis& basis : *bases) add_basis(by_row, basis.basis);
  }
  Decision& decision = declared ? always : by_row;
  if (decision.bases.empty()) return {};
  const bool every_row = declared && relation.has_subject && !may_be_restricted(policy, relation, *purpose);
  decision.clearance = every_row ? Clearance::always : Clearance::by_row;
  return decision;
}

Decision decide(const Policy& policy, const ProtectedRelation& relation, const Purpose* purpose,
                const ProtectedColumn& column) {
  const ProtectedRelation* table = column.declared_by == 0 ? &relation : policy.relation(column.declared_by);
  return table == nullptr ? Decision() : decide(policy, *table, purpose, column.category);
}

}  // namespace pgconsent::rules
