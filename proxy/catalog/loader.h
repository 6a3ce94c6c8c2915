// Loads the catalog snapshot. The same queries run over the control connection (libpqxx) and, while a session has
// uncommitted DDL, over the session's own connection (their rows arrive through the wire protocol).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "parser/catalog/snapshot.h"

namespace pgconsent::catalog {

// One text per query: single statements without parameters, every name qualified with pg_catalog, results in text
// format. Readable by any role.
std::span<const std::string_view> catalog_queries();

class SnapshotBuilder {
 public:
  SnapshotBuilder();
  ~SnapshotBuilder();
  // One result row of catalog_queries()[query], in text format; nullopt is NULL.
  // False when the row does not have the expected shape: the load has failed.
  bool row(std::size_t query, std::span<const std::optional<std::string_view>> fields);
  // After the last row of the last query.
  parser::SnapshotPtr finish(std::uint64_t version);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgconsent::catalog
