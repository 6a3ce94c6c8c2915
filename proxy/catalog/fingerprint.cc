#include "proxy/catalog/queries.h"

namespace pgconsent::catalog {

// age() is the cheapest way from a row's xmin to a number (a cast over text costs half as much again at 400
// 000 rows); it counts from the current transaction, hence the difference to a fixed one, and is 2147483647
// for rows from initdb. Hashed, so that two changes can't cancel out. Row types, indexes' columns and toast
// tables follow from what is counted.
#define PGCONSENT_STAMP                                                                \
  "pg_catalog.sum(CASE WHEN pg_catalog.age(x.xmin) OPERATOR(pg_catalog.<) 2147483647 " \
  "THEN pg_catalog.hashint4(pg_catalog.age(x.xmin) OPERATOR(pg_catalog.-) z.age) ELSE 1 END)"
#define PGCONSENT_TABLE(name)                                                \
  "SELECT '" name "' AS name, pg_catalog.count(*) AS rows, " PGCONSENT_STAMP \
  " AS stamp FROM pg_catalog." name " x CROSS JOIN zero z"
#define PGCONSENT_OWNED(name, owner) \
  PGCONSENT_TABLE(name)              \
  " WHERE NOT EXISTS (SELECT FROM temporary t WHERE t.oid OPERATOR(pg_catalog.=) x." owner ")"

std::string_view fingerprint_query() {
  return "WITH zero AS MATERIALIZED (SELECT pg_catalog.age('3'::pg_catalog.xid) AS age), "
         "temporary AS MATERIALIZED (SELECT c.oid FROM pg_catalog.pg_class c "
         "WHERE c.relpersistence OPERATOR(pg_catalog.=) 't') "
         "SELECT pg_catalog.count(*), pg_catalog.sum(f.rows), "
         "pg_catalog.string_agg(COALESCE(f.stamp, 0)::pg_catalog.text, ',' ORDER BY f.name) FROM ("
         "SELECT 'pg_class' AS name, pg_catalog.count(*) AS rows, pg_catalog.sum(pg_catalog.hash_record_extended("
         "ROW(c.oid, c.relname, c.relnamespace, c.relkind, c.reltype, c.reloftype, c.relowner, c.relpersistence, "
         "c.relispartition, c.relrowsecurity, c.reloptions), 0)) AS stamp FROM pg_catalog.pg_class c "
         "WHERE c.relkind OPERATOR(pg_catalog.<>) 't' AND c.relpersistence OPERATOR(pg_catalog.<>) 't' "
         "UNION ALL SELECT 'pg_roles', pg_catalog.count(*), pg_catalog.sum(pg_catalog.hash_record_extended("
         "ROW(r.oid, r.rolname, r.rolsuper), 0)) FROM pg_catalog.pg_roles r "
         // clang-format off
         "UNION ALL " PGCONSENT_OWNED("pg_attribute", "attrelid") " AND x.attnum OPERATOR(pg_catalog.>) 0 "
         "UNION ALL " PGCONSENT_OWNED("pg_attrdef", "adrelid")
         " UNION ALL " PGCONSENT_OWNED("pg_constraint", "conrelid")
         " UNION ALL " PGCONSENT_OWNED("pg_index", "indrelid")
         " UNION ALL " PGCONSENT_OWNED("pg_inherits", "inhrelid")
         " UNION ALL " PGCONSENT_OWNED("pg_rewrite", "ev_class")
         " UNION ALL " PGCONSENT_OWNED("pg_trigger", "tgrelid")
         " UNION ALL " PGCONSENT_TABLE("pg_policy")
         " UNION ALL " PGCONSENT_TABLE("pg_type")
         " WHERE x.typrelid OPERATOR(pg_catalog.=) 0 AND x.typelem OPERATOR(pg_catalog.=) 0 "
         "UNION ALL " PGCONSENT_TABLE("pg_range")
         " UNION ALL " PGCONSENT_TABLE("pg_proc")
         " UNION ALL " PGCONSENT_TABLE("pg_aggregate")
         " UNION ALL " PGCONSENT_TABLE("pg_language")
         " UNION ALL " PGCONSENT_TABLE("pg_operator")
         " UNION ALL " PGCONSENT_TABLE("pg_opclass")
         " UNION ALL " PGCONSENT_TABLE("pg_cast")
         " UNION ALL " PGCONSENT_TABLE("pg_collation")
         " UNION ALL " PGCONSENT_TABLE("pg_extension")
         " UNION ALL " PGCONSENT_TABLE("pg_auth_members")
         " UNION ALL " PGCONSENT_TABLE("pg_namespace")
         " WHERE x.nspname OPERATOR(pg_catalog.!~) '^pg_(toast_)?temp_'"
         // clang-format on
         ") f";
}

std::string_view activity_query() {
  return "SELECT pg_catalog.pg_current_snapshot()";
}

}  // namespace pgconsent::catalog
