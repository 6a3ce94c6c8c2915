// What the builder must know of every type, built-in ones included; lives as long as the load.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "parser/names/identifier.h"

namespace pgconsent::catalog {

using parser::Oid;

struct TypeEntry {
  std::string schema, name;
  char kind = 'b';      // pg_type.typtype: b c d e p r m
  char category = 'X';  // pg_type.typcategory
  Oid element = 0, base = 0, range_subtype = 0;
};

class TypeTable {
 public:
  void add(Oid oid, TypeEntry entry) { types_.insert_or_assign(oid, std::move(entry)); }
  void add_equality(Oid oid) { equality_.insert(oid); }
  const TypeEntry* find(Oid oid) const;

  template <class Use>
  void for_each(Use use) const {
    for (const auto& [oid, entry] : types_) use(oid, entry);
  }

  // A row type's columns.
  void set_attributes(Oid oid, std::vector<Oid> types) {
    attributes_.insert_or_assign(oid, std::move(types));
  }

  // True only for types that surely have one. Rows have none: see can_be_grouped.
  bool has_equality(Oid oid) const { return has_equality(oid, false, 0); }
  // A row is equal to another where its columns are.
  bool can_be_grouped(Oid oid) const { return has_equality(oid, true, 0); }
  // As in a function's identity: integer, public.mood[], public."Mood". Empty when unknown.
  std::string spelling(Oid oid) const;

 private:
  bool has_equality(Oid oid, bool rows, int depth) const;

  std::unordered_map<Oid, TypeEntry> types_;
  std::unordered_set<Oid> equality_;
  std::unordered_map<Oid, std::vector<Oid>> attributes_;
};

// "public.tax", quoted only where needed.
std::string spell_name(std::string_view schema, std::string_view name);

// For generated SQL. `modifier` is what format_type prints after the name, or all it prints for an interval.
std::string type_sql(std::string_view schema, std::string_view name, bool is_interval,
                     std::optional<std::string_view> modifier);

}  // namespace pgconsent::catalog
