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

const ProtectedColumn* ProtectedRelation::column(AttrNumber attnum) const {
  auto it = std::lower_bound(
      columns.begin(), columns.end(), attnum,
      [](const ProtectedColumn& column, AttrNumber wanted) { return column.attnum < wanted; });
  return it == columns.end() || it->attnum != attnum ? nullptr : &*it;
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

Decision decide(const Purpose* purpose, std::string_view category) {
  if (purpose == nullptr || category.empty()) return {};
  auto listed = purpose->lawful_basis.find(category);
  if (listed == purpose->lawful_basis.end()) return {};

  Decision decision;
  for (LawfulBasis basis : listed->second) {
    switch (basis) {
      case LawfulBasis::contract:
      case LawfulBasis::legal_obligation:
      case LawfulBasis::vital_interests:
      case LawfulBasis::public_task:
        return {Clearance::always, basis};
      case LawfulBasis::consent:
        decision = {Clearance::by_consent, basis};
        break;
      case LawfulBasis::legitimate_interests:
        break;  // without a source of objections nobody knows who has objected: holds for nobody
    }
  }
  return decision;
}

}  // namespace pgconsent::rules
