// The text of the catalog queries, and what each one's rows hold.
#pragma once

#include <cstddef>
#include <string_view>

namespace pgconsent::catalog {

// In the order in which they run: a row may only refer to what an earlier query has brought.
enum class Query : std::size_t {
  database,
  schemas,
  roles,
  memberships,
  types,
  type_functions,
  equality_types,
  relations,
  column_shapes,
  columns,
  key_classes,
  unique_keys,
  found_by_index,
  foreign_keys,
  constraints,
  inheritance,
  rules,
  triggers,
  functions,
  function_settings,
  extension_functions,
  aggregates,
  operators,
  casts,
  references,
  texts,  // last: it locks what the views name until the transaction ends
};
inline constexpr std::size_t query_count = static_cast<std::size_t>(Query::texts) + 1;

std::string_view query_text(Query query);

// One row, three columns. Equal rows mean equal catalogs: counts and hashed sums over all that the queries
// above read, temporary objects left out. Of xmin, but of pg_class the values (TRUNCATE makes new rows
// there).
std::string_view fingerprint_query();

// One row, one column. Equal results mean that no transaction that writes has begun or ended in between.
std::string_view activity_query();

}  // namespace pgconsent::catalog
