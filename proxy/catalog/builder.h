// The state of one load, filled row by row.
#pragma once

#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "proxy/catalog/loader.h"
#include "proxy/catalog/queries.h"
#include "proxy/catalog/row.h"
#include "proxy/catalog/type_table.h"

namespace pgconsent::catalog {

// The parts of a column that many columns share.
struct ColumnShape {
  std::string type_sql, collation_sql;
  char type_category = 'X';
  bool has_equality = false;
};

class SnapshotBuilder::Impl {
 public:
  bool row(Query query, Row row);
  parser::SnapshotPtr finish(std::uint64_t version);

 private:
  // Each reads one row of the query of that name; rows about objects that were left out are skipped.
  void database(Row& row);
  void schema(Row& row);
  void role(Row& row);
  void membership(Row& row);
  void type(Row& row);
  void type_function(Row& row);
  void relation(Row& row);
  void column_shape(Row& row);
  void column(Row& row);
  void unique_key(Row& row);
  void found_by_index(Row& row);
  void foreign_key(Row& row);
  void constraint(Row& row);
  void inheritance(Row& row);
  void rule(Row& row);
  void trigger(Row& row);
  void function(Row& row);
  void function_setting(Row& row);
  void extension_function(Row& row);
  void aggregate(Row& row);
  void operator_(Row& row);
  void cast(Row& row);
  void references(Row& row);
  // ":varattno 3 " of each column that an expression's tree names; 0 is the whole row, system columns are
  // left out. A string in the tree can add a column, never hide one.
  static void add_columns(std::string_view tree, std::vector<parser::AttrNumber>& list);
  static void generation(std::string_view tree, parser::Column& column);
  void text(Row& row);

  parser::Relation* find_relation(Oid oid);
  parser::Function* find_function(Oid oid);
  const std::string* find_schema(Oid oid) const;
  void add_user_types();
  void add_type_functions();
  void append_type_functions(std::vector<Oid>& out, Oid type, int depth) const;
  void add_row_equality();
  void add_identities();
  void sort_all();

  struct ShapeKey {
    Oid type = 0;
    std::int32_t typmod = -1;
    Oid collation = 0;
    bool operator==(const ShapeKey&) const = default;
  };
  struct ShapeHash {
    std::size_t operator()(const ShapeKey& key) const {
      return std::hash<std::uint64_t>{}(
          (std::uint64_t{key.type} << 32 | static_cast<std::uint32_t>(key.typmod)) ^
          (std::uint64_t{key.collation} << 16));
    }
  };

  std::shared_ptr<parser::Snapshot> snapshot_ = std::make_shared<parser::Snapshot>();
  std::unordered_map<Oid, std::string> schemas_, roles_;
  TypeTable types_;
  std::unordered_map<Oid, std::vector<Oid>> type_functions_;
  std::unordered_map<Oid, Oid> row_types_;  // type -> relation
  std::unordered_map<ShapeKey, ColumnShape, ShapeHash> shapes_;
  std::unordered_set<Oid> key_classes_;
  std::unordered_map<Oid, Oid> checks_;                        // constraint -> relation
  std::vector<std::pair<std::vector<Oid>*, Oid>> used_types_;  // list to be added to, type
  parser::Relation* last_relation_ = nullptr;  // the columns of a relation mostly come together
};

}  // namespace pgconsent::catalog
