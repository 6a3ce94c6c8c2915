// What `check` and `explain` ask the server over a control connection of their own. Private to the command
// line.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parser/names/identifier.h"
#include "proxy/config/config.h"

namespace pgconsent {

class ControlQueries {
 public:
  // On failure error() says why and nothing may be called.
  ControlQueries(const config::Config& config, const std::string& database);
  ~ControlQueries();
  const std::string& error() const { return error_; }

  // May the role read the relation, at least some columns of it? False with error() set when that can't be
  // asked.
  bool may_read(std::string_view role, parser::Oid relation);
  // What the server says against a query, which is not run; empty: it accepts it.
  struct Problem {
    std::string message;
    bool of_rights = false;  // this connection may not; another role perhaps may
  };
  Problem problem(const std::string& sql);
  // Names of subscriptions (logical replication) to some of the relations that are disabled, do not run, or
  // are still copying: what the relations hold may be old. Empty with error() set on failure.
  std::vector<std::string> stopped_subscriptions(const std::vector<parser::Oid>& relations);
  // Indexes of the relations, those of constraints too. Empty with error() set on failure.
  struct Index {
    parser::Oid relation = 0;
    std::string name;
    int size = 0;                             // columns and expressions, with INCLUDE
    std::vector<parser::AttrNumber> columns;  // all that it reads
    bool partial = false;
  };
  std::vector<Index> indexes(const std::vector<parser::Oid>& relations);
  // By which columns the relations are partitioned, those of expressions too. Likewise.
  struct PartitionKey {
    parser::Oid relation = 0;
    std::vector<parser::AttrNumber> columns;
  };
  std::vector<PartitionKey> partition_keys(const std::vector<parser::Oid>& relations);
  // What current_schemas(true) would say in a new session of that role, as far as its settings tell: the path
  // set for the role and database, "$user" resolved, schemas left out that do not exist or that it may not
  // use. Empty with error() set on failure.
  std::vector<std::string> search_path(const std::string& role);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
  std::string error_;
};

// A search_path setting as its names: `"$user", public` -> $user, public. Unquoted names are folded to lower
// case.
std::vector<std::string> split_search_path(std::string_view setting);

}  // namespace pgconsent
