// What the rules ask of the built-in consent store, and what a database's store says about itself.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parser/catalog/snapshot.h"
#include "rules/rule_set.h"

namespace pgconsent::rules {

inline constexpr std::string_view store_schema = "pgconsent";
inline constexpr int store_version = 3;  // the newest migration in proxy/consent/store
// Of a word of the compiled rows: the sign stays out of it.
inline constexpr int store_bits_per_word = 63;

struct StoreKind {
  std::string name;
  std::string table, key;  // SQL
  std::string key_type;    // SQL, with its collation
};

// An empty category stands for the purpose as a whole.
using StorePair = std::pair<std::string, std::string>;  // purpose, category

struct StoreNeeds {
  std::vector<StoreKind> kinds;
  std::vector<StorePair> pairs;
  std::vector<StorePair> narrowing;  // purpose, wider purpose; at any distance, the widest last
  std::vector<std::string> roles;    // whose statements will join the compiled rows
};
struct StoreNeedsResult {
  StoreNeeds needs;
  Diagnostics diagnostics;
};
StoreNeedsResult store_needs(const RuleSet& rules, const parser::Snapshot& catalog);

// The body of the function pgconsent.numbering(): in the catalog, so that who reads the catalog has the
// numbers of the same moment, and a change of them is a change of the catalog.
struct StoreNumbering {
  int version = 0;
  std::string digest;  // of the statements that made functions, grants and kinds
  std::map<StorePair, int> pairs;
};
std::string write_numbering(const StoreNumbering& numbering);
// Nothing when there is no such function, or it is of another making.
std::optional<StoreNumbering> read_numbering(const parser::Snapshot& catalog);

std::string compiled_table(std::string_view kind);  // customer_consent

// The functions for applications: what they do is checked inside.
bool is_public_store_function(std::string_view name);

}  // namespace pgconsent::rules
