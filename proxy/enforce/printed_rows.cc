#include "proxy/enforce/printed_rows.h"

#include <algorithm>
#include <string>

#include "parser/names/identifier.h"

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

// "Key (a, b)=(1, 2) already exists.", in whatever language: a, b. Empty: it is no such text.
std::string_view printed_columns(std::string_view detail) {
  const std::size_t end = detail.find(")=(");
  if (end == detail.npos) return {};
  const std::size_t begin = detail.rfind('(', end);
  return begin == detail.npos ? std::string_view() : detail.substr(begin + 1, end - begin - 1);
}

// Of a foreign key the DETAIL prints the columns of either side, and only its words say which.
bool is_masked_anywhere(const Generation& generation, const parser::Relation& relation,
                        const std::vector<AttrNumber>& attnums) {
  const auto has = [&](std::string_view name) {
    return std::any_of(attnums.begin(), attnums.end(),
                       [&](AttrNumber attnum) { return relation.column(attnum)->name == name; });
  };
  const auto& relations = generation.policy().relations;
  return std::any_of(relations.begin(), relations.end(), [&](const auto& each) {
    const auto& columns = each.second.columns;
    return std::any_of(columns.begin(), columns.end(),
                       [&](const auto& column) { return !column.is_public && has(column.name); });
  });
}

// Unique keys are printed with quotes where names need them, foreign keys without.
bool is_list_of(const parser::Relation& relation, const std::vector<AttrNumber>& attnums,
                std::string_view printed) {
  std::string quoted, bare;
  for (const AttrNumber attnum : attnums) {
    const parser::Column* column = relation.column(attnum);
    if (column == nullptr || column->name.find_first_of("(),\"") != std::string::npos) return false;
    const char* const comma = bare.empty() ? "" : ", ";
    quoted.append(comma).append(parser::quote_identifier(column->name));
    bare.append(comma).append(column->name);
  }
  return !printed.empty() && (printed == quoted || printed == bare);
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

bool may_print_key(const Generation& generation, const PrintedKey& key) {
  const parser::Relation* known = generation.catalog().relation(key.schema, key.relation);
  if (known == nullptr) return false;
  const std::string_view printed = printed_columns(key.detail);
  if (key.sqlstate == parser::sqlstate::unique_violation) {
    const auto& keys = known->unique_keys;
    return std::any_of(keys.begin(), keys.end(), [&](const parser::UniqueKey& each) {
      return each.index == key.constraint && are_public(generation, known->oid, each.attnums) &&
             is_list_of(*known, each.attnums, printed);
    });
  }
  if (key.sqlstate != parser::sqlstate::foreign_key_violation) return false;
  const auto& constraints = known->constraints;
  return std::any_of(constraints.begin(), constraints.end(), [&](const parser::TableConstraint& each) {
    const parser::Relation* target = generation.catalog().relation(each.target);
    if (each.name != key.constraint || each.type != 'f' || target == nullptr) return false;
    const auto prints = [&](const parser::Relation& relation, const std::vector<AttrNumber>& attnums) {
      return is_list_of(relation, attnums, printed) && !is_masked_anywhere(generation, relation, attnums);
    };
    return are_public(generation, known->oid, each.attnums) &&
           are_public(generation, target->oid, each.target_attnums) &&
           (prints(*known, each.attnums) || prints(*target, each.target_attnums));
  });
}

}  // namespace pgconsent::enforce
