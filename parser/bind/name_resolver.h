// Which relation does a name mean? As PostgreSQL's RangeVarGetRelid decides, for one session's search path
// and temporary schema.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parser/catalog/snapshot.h"

struct RangeVar;

namespace pgconsent::parser {

// A relation of the session's own temporary schema, which no shared snapshot holds.
struct TemporaryName {
  Oid oid = 0;
  std::string name;
  char kind = 'r';                   // pg_class.relkind
  std::vector<std::string> columns;  // live columns by attnum
  bool runs_code = false;            // a view; or its triggers, defaults, checks, … may call functions
  bool is_child = false;             // is written with its parent
};

struct ResolvedName {
  const Relation* relation = nullptr;        // in the snapshot
  const TemporaryName* temporary = nullptr;  // or in the session's temporary schema
  bool wrong_database = false;               // three-part name of another database: the server's error
  bool found() const { return relation != nullptr || temporary != nullptr; }
};

class NameResolver {
 public:
  // `search_path` is current_schemas(true). All arguments outlive the resolver.
  NameResolver(const Snapshot& catalog, std::span<const std::string> search_path,
               std::span<const TemporaryName> temporary)
      : catalog_(catalog), search_path_(search_path), temporary_(temporary) {}

  ResolvedName resolve(const RangeVar& range) const;
  ResolvedName resolve(std::string_view schema, std::string_view name) const;

  const Snapshot& catalog() const { return catalog_; }
  std::span<const std::string> search_path() const { return search_path_; }
  // No schema comes before pg_catalog: its operators are the ones that are meant.
  bool catalog_comes_first() const;
  // Types in it are found before all others, whatever the path says.
  bool has_temporary_schema() const;
  bool is_own_temporary_schema(std::string_view schema) const;
  // A write to any table may run the code of a temporary one.
  bool temporary_children_run_code() const;

 private:
  const TemporaryName* temporary(std::string_view name) const;

  const Snapshot& catalog_;
  std::span<const std::string> search_path_;
  std::span<const TemporaryName> temporary_;
};

}  // namespace pgconsent::parser
