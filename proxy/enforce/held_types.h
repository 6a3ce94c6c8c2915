// Types, domains and collations that protected columns are made of, or columns that consent, conditions of
// the rules or code on unmasked rows read, or that such code converts to.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "proxy/enforce/generation.h"

namespace pgconsent::enforce {

class HeldTypes {
 public:
  explicit HeldTypes(const Generation& generation);

  bool has(std::string_view name) const;  // in any schema
  bool uses_schema(const std::string& schema) const;

 private:
  void add_columns(parser::Oid relation);

  const parser::Snapshot& catalog_;
  std::unordered_set<const parser::Type*> types_;
  std::vector<std::string_view> collations_;
  std::vector<parser::Oid> queue_;
};

}  // namespace pgconsent::enforce
