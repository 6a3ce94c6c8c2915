// One database's catalog as plain data: immutable once finished, shared between threads, swapped whole.
// Loaded by proxy/catalog over SQL; nothing here knows how. Field names follow pg_class, pg_attribute,
// pg_proc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "parser/names/identifier.h"

namespace pgconsent::parser {

struct Column {
  std::string name;
  AttrNumber attnum = 0;
  Oid type = 0;
  std::int32_t typmod = -1;
  // The type for generated SQL, safe under any search path: pg_catalog."varchar"(50), interval day to
  // second(3).
  std::string type_sql;
  std::string collation_sql;  // "pg_catalog"."de_DE"; empty for the type's default collation
  char type_category = 'X';   // pg_type.typcategory: S string, N numeric, D date/time, …
  bool not_null = false;
  bool generated = false;                  // GENERATED ALWAYS AS (…) STORED
  bool has_equality = true;                // false for json, xml, point, …, and rows
  bool can_be_grouped = true;              // has equality, or is a row of what can be grouped
  std::vector<AttrNumber> generated_from;  // the columns that a generated one is computed from
  bool generated_by_built_ins = false;     // by nothing but functions and types of PostgreSQL's own
};

struct UniqueKey {  // a valid, immediate, non-partial unique index over plain columns
  std::vector<AttrNumber> attnums;
  bool primary = false;
  bool nulls_not_distinct = false;
  std::string index = {};  // its name, in the table's schema
};

struct ForeignKey {
  Oid target = 0;
  std::vector<AttrNumber> attnums, target_attnums;
  char on_update = 'a', on_delete = 'a';  // pg_constraint.confupdtype / confdeltype: a r c n d
  bool enforced = true;                   // validated, and none of its triggers is disabled
  bool deferrable = false;

  // Does ON UPDATE or ON DELETE write to the rows that refer?
  bool writes() const {
    const auto acts = [](char action) { return action == 'c' || action == 'n' || action == 'd'; };
    return acts(on_update) || acts(on_delete);
  }
};

struct TableConstraint {
  Oid oid = 0;
  std::string name;
  char type = 'c';                  // pg_constraint.contype: c f p u t x
  std::vector<AttrNumber> attnums;  // 0: an expression, or the whole row
  Oid target = 0;                   // a foreign key's, with
  std::vector<AttrNumber> target_attnums;
  std::string check;  // its expression, names as an empty search path asks for them
};

enum class RelationKind : char {
  table = 'r',
  partitioned_table = 'p',
  view = 'v',
  materialized_view = 'm',
  foreign_table = 'f',
  sequence = 'S',
  composite_type = 'c',
  toast = 't',
  index = 'i',
  partitioned_index = 'I',
};

// A table, a view, or what else a query may read from.
bool holds_rows(RelationKind kind);
inline bool is_view(RelationKind kind) {
  return kind == RelationKind::view || kind == RelationKind::materialized_view;
}

struct Relation {
  Oid oid = 0;
  std::string schema, name;
  RelationKind kind = RelationKind::table;
  char persistence = 'p';       // p permanent, u unlogged, t temporary
  std::string owner;            // role name
  std::vector<Column> columns;  // live user columns by attnum
  std::vector<UniqueKey> unique_keys;
  std::vector<AttrNumber> found_by_index;  // first columns of its btree and hash indexes, partial ones aside
  std::vector<ForeignKey> foreign_keys;
  std::vector<TableConstraint> constraints;  // of all kinds, by name
  std::vector<Oid> parents, children;        // direct, pg_inherits
  bool is_partition = false;
  std::string view_definition;  // views: pg_get_viewdef read with an empty search path, no trailing semicolon
  bool security_barrier = false;  // views
  bool security_invoker = false;  // views
  // Views, matviews, rules: relations and functions that their definition uses, built-in ones too.
  std::vector<Oid> depends_on;
  std::vector<Oid> trigger_functions;     // not internal, disabled ones too
  std::string trigger_arguments;          // of all of them, one a line
  std::vector<Oid> transition_functions;  // those that get transition tables (REFERENCING … TABLE AS)
  std::vector<Oid>
      row_changing_functions;  // BEFORE … FOR EACH ROW, run by UPDATE: what they return is stored
  // Called by its defaults, generated columns, checks, trigger conditions and index expressions: run when it
  // is written to. Built-in ones too.
  std::vector<Oid> implicit_functions;
  std::vector<Oid> statistics_functions;  // called by its extended statistics: in ANALYZE alone
  // Somebody's own, in any of its stored expressions and definitions; of a typed table its type.
  std::vector<Oid> named_types;
  std::vector<Oid>
      policy_functions;  // of row security; what policies read by themselves is their owner's affair
  // Columns that these expressions, and the policies, name; 0: the whole row. And relations in policies.
  std::vector<AttrNumber> implicit_columns, policy_columns;
  std::vector<Oid> policy_relations;
  bool has_rules = false;  // rewrite rules besides a view's own _RETURN
  bool row_security = false;

  const Column* column(std::string_view name) const;
  const Column* column(AttrNumber attnum) const;
};

struct Function {
  Oid oid = 0;
  std::string schema, name;
  std::vector<Oid> argument_types;
  Oid result_type = 0;
  std::vector<Oid> all_types;  // with those of OUT parameters and RETURNS TABLE; empty: there are none
  // schema.name(argtype, …) as in the rules' `functions.trusted`: "public.tax(numeric)". Types of pg_catalog
  // by their SQL names (integer, timestamp with time zone), others with their schema; names are quoted only
  // where they hold other characters than a-z 0-9 _ $.
  std::string identity;
  std::string language;   // internal, c, sql, plpgsql, …
  std::string body;       // sql, plpgsql, internal: prosrc; SQL-standard bodies: pg_get_function_sqlbody
  std::string extension;  // the extension that owns it, or empty
  char kind = 'f';        // pg_proc.prokind: f p a w
  char volatility = 'v';  // i s v
  bool leakproof = false;
  bool security_definer = false;
  std::vector<std::string> settings;  // proconfig: search_path=…
  // Aggregates: support functions. SQL-standard bodies and argument defaults: relations and functions they
  // use.
  std::vector<Oid> depends_on;
};

struct Operator {
  Oid oid = 0;
  std::string schema, name;
  Oid function = 0;
  Oid left_type = 0, right_type = 0;
  Oid restrict_estimator = 0, join_estimator = 0;
};

struct Cast {
  Oid source = 0, target = 0, function = 0;
  char context = 'e';  // e explicit, a assignment, i implicit
};

struct Type {  // only user-defined types and domains; built-in ones are not listed. Row types of tables are.
  Oid oid = 0;
  std::string schema, name;
  Oid relation = 0;            // composite types: their relation
  Oid base = 0;                // a domain's base type, an array's element, a range's subtype
  std::vector<Oid> functions;  // input/output functions, functions in a domain's CHECKs
};

struct Role {
  std::string name;
  bool superuser = false;
  std::vector<std::string> member_of;  // direct memberships
};

// Built by SnapshotBuilder (proxy/catalog). Pointers stay valid as long as the snapshot lives.
class Snapshot {
 public:
  std::uint64_t version = 0;  // grows with each load of this database in this process
  std::string database;
  Oid database_oid = 0;
  // Of pg_catalog and information_schema too; no toast tables, no temporary ones of other sessions.
  std::unordered_map<Oid, Relation> relations;
  std::unordered_map<Oid, Function> functions;  // all, built-in ones too (their bodies are empty)
  std::vector<Operator> operators;              // user-defined only
  std::vector<Cast> casts;                      // those whose function is user-defined
  std::vector<Oid> support_functions;           // user-defined, of operator classes
  std::unordered_map<Oid, Type> types;
  std::unordered_map<std::string, Role> roles;
  std::vector<std::string> schemas;

  const Relation* relation(Oid oid) const;
  const Relation* relation(std::string_view schema, std::string_view name) const;
  bool has_schema(std::string_view schema) const;
  // All functions of that name in any schema, overloads included.
  const std::vector<const Function*>& functions_named(std::string_view name) const;
  const Function* function(Oid oid) const;
  // The type, a domain's base, an array's element, a range's subtype, and so on; without built-in ones.
  std::vector<const Type*> type_and_bases(Oid type) const;

  // Call after filling or changing: builds the lookups by name. The snapshot must not move afterwards; a copy
  // needs its own call.
  void finish();

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Name = std::string;  // relation lookup: schema + '\0' + name
  std::unordered_map<Name, const Relation*, NameHash, std::equal_to<>> by_name_;
  std::unordered_map<Name, std::vector<const Function*>, NameHash, std::equal_to<>> functions_by_name_;
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

// Do foreign keys' actions on rows of `target` write to the relation's, or to those a view reads, if only
// over other tables?
bool follows(const Snapshot& snapshot, Oid relation, Oid target);

}  // namespace pgconsent::parser
