// Loads the catalog snapshot. The same queries run over the control connection (libpqxx) and, while a session
// has uncommitted DDL, over the session's own connection (their rows arrive through the wire protocol).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "parser/catalog/snapshot.h"

namespace pgconsent::catalog {

// One text per query: single statements without parameters, every name and operator qualified with
// pg_catalog, results in text format. To be run in this order. Readable by any role; the rows are the same
// under any search path.
//
// The last query empties the search path, prints the views and puts it back, all in one statement: afterwards
// the setting is what it was, for the transaction and for what follows its end (see queries.cc). It also
// takes ACCESS SHARE locks on what the views name, and like every statement it can fail (a lock or statement
// timeout). Over a session's own connection run the queries between `SAVEPOINT pgconsent` and `ROLLBACK TO
// SAVEPOINT pgconsent; RELEASE SAVEPOINT pgconsent`: that gives the locks back, and an error does not end the
// client's transaction.
std::span<const std::string_view> catalog_queries();

class SnapshotBuilder {
 public:
  SnapshotBuilder();
  ~SnapshotBuilder();
  // One result row of catalog_queries()[query], in text format; nullopt is NULL.
  // False when the row does not have the expected shape: the load has failed.
  bool row(std::size_t query, std::span<const std::optional<std::string_view>> fields);
  // After the last row of the last query. Null when the rows do not make up a catalog.
  parser::SnapshotPtr finish(std::uint64_t version);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Grows within the process, over all databases: for shared and for private snapshots. Thread-safe.
std::uint64_t next_snapshot_version();

}  // namespace pgconsent::catalog
