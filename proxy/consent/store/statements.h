// The SQL of the built-in store: the files of this folder, compiled in, and what is filled into kind.sql.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/builtin_store.h"

namespace pgconsent::consent {

struct Migration {
  int version = 0;
  std::string_view name, sql;
};
std::vector<Migration> migrations();  // ascending, without gaps
std::string functions_sql();

// Bits 0 to `pairs` - 1 must fit. REQUIRES: the kind's names are SQL already (StoreKind).
std::string kind_sql(const rules::StoreKind& kind, int pairs);

int words_of(int pairs);

// What keys are cast to: neither COLLATE, which a cast does not take, nor a length, since a key that is too
// long must not become another.
std::string cast_type(std::string key_type);

// Whoever withdrew from the purpose as a whole has done so for this category, which it did not use before.
std::string withdraw_sql(const rules::StoreKind& kind, const rules::StorePair& pair, int number);

// The columns of pgconsent.event_input, in its order.
std::string_view event_input_columns();

}  // namespace pgconsent::consent
