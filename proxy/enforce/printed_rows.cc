#include "proxy/enforce/printed_rows.h"

#include <algorithm>

namespace pgconsent::enforce {

namespace {

using parser::AttrNumber;
using parser::RelationReach;

bool is_open(const Generation& generation, parser::Oid relation) {
  return generation.functions().reaches_protected(relation) == RelationReach::none;
}

bool are_public(const Generation& generation, parser::Oid oid, const std::vector<AttrNumber>& attnums) {
  if (is_open(generation, oid)) return true;
  const rules::ProtectedRelation* relation = generation.protected_relation(oid);
  return relation != nullptr && relation->shows_all(attnums);
}

}  // namespace

bool may_print_rows(const Generation& generation, std::string_view schema, std::string_view relation,
                    bool touched) {
  const parser::Relation* known = generation.catalog().relation(schema, relation);
  if (known == nullptr) return !touched;
  return is_open(generation, known->oid) &&
         (!touched ||
          std::all_of(known->foreign_keys.begin(), known->foreign_keys.end(),
                      [&](const parser::ForeignKey& key) { return is_open(generation, key.target); }));
}

bool may_print_key(const Generation& generation, std::string_view schema, std::string_view relation,
                   std::string_view constraint) {
  const parser::Relation* known = generation.catalog().relation(schema, relation);
  if (known == nullptr) return false;
  for (const parser::UniqueKey& key : known->unique_keys) {
    if (key.index == constraint) return are_public(generation, known->oid, key.attnums);
  }
  for (const parser::TableConstraint& each : known->constraints) {
    if (each.name != constraint || each.type != 'f') continue;
    return are_public(generation, known->oid, each.attnums) &&
           are_public(generation, each.target, each.target_attnums);
  }
  return false;
}

}  // namespace pgconsent::enforce
