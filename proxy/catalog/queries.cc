#include "proxy/catalog/queries.h"

// These run under any search path, a hostile one included: functions, types and operators are all named with
// their schema. That rules out IN, BETWEEN, LIKE, IS DISTINCT FROM, USING and CASE x WHEN, which look
// operators up. 16384 is PostgreSQL's FirstNormalObjectId: what is below it came with the server.
namespace pgconsent::catalog {

namespace {

constexpr std::string_view database = R"(
SELECT d.oid, d.datname FROM pg_catalog.pg_database d
WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())";

// Objects in a schema that is not listed here are dropped by the builder: toast and other sessions' temporary
// ones.
constexpr std::string_view schemas = R"(
SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n
WHERE n.nspname OPERATOR(pg_catalog.!~) '^pg_(toast|temp_)'
   OR n.oid OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema())";

constexpr std::string_view roles = "SELECT r.oid, r.rolname, r.rolsuper FROM pg_catalog.pg_roles r";

constexpr std::string_view memberships = "SELECT m.member, m.roleid FROM pg_catalog.pg_auth_members m";

// Row types are left out: pg_class names them.
constexpr std::string_view types = R"(
SELECT t.oid, t.typnamespace, t.typname, t.typtype, t.typcategory, t.typelem, t.typbasetype,
       (SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid OPERATOR(pg_catalog.=) t.oid)
FROM pg_catalog.pg_type t WHERE t.typrelid OPERATOR(pg_catalog.=) 0)";

constexpr std::string_view type_functions = R"(
SELECT t.oid, f.oid FROM pg_catalog.pg_type t
CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[t.typinput::pg_catalog.oid, t.typoutput::pg_catalog.oid,
  t.typreceive::pg_catalog.oid, t.typsend::pg_catalog.oid, t.typmodin::pg_catalog.oid,
  t.typmodout::pg_catalog.oid, t.typsubscript::pg_catalog.oid]) f(oid)
WHERE t.typrelid OPERATOR(pg_catalog.=) 0 AND t.typelem OPERATOR(pg_catalog.=) 0
  AND f.oid OPERATOR(pg_catalog.>=) 16384
UNION ALL
SELECT r.rngtypid, f.oid FROM pg_catalog.pg_range r
CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[r.rngcanonical::pg_catalog.oid, r.rngsubdiff::pg_catalog.oid]) f(oid)
WHERE f.oid OPERATOR(pg_catalog.>=) 16384)";

// Types with a default btree (403) or hash (405) operator class, and those that pass for one without
// conversion.
constexpr std::string_view equality_types = R"(
WITH direct AS MATERIALIZED (
  SELECT o.opcintype AS oid FROM pg_catalog.pg_opclass o
  WHERE o.opcdefault AND o.opcmethod OPERATOR(pg_catalog.=) ANY (ARRAY[403, 405]::pg_catalog.oid[]))
SELECT d.oid FROM direct d
UNION
SELECT c.castsource FROM pg_catalog.pg_cast c JOIN direct d ON d.oid OPERATOR(pg_catalog.=) c.casttarget
WHERE c.castmethod OPERATOR(pg_catalog.=) 'b' AND c.castcontext OPERATOR(pg_catalog.=) 'i')";

constexpr std::string_view relations = R"(
SELECT c.oid, c.relnamespace, c.relname, c.relkind, c.relpersistence, c.relowner, c.reltype, c.relispartition,
       c.relrowsecurity,
       CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'v' THEN pg_catalog.array_to_string(c.reloptions, ',') END,
       c.reloftype
FROM pg_catalog.pg_class c WHERE c.relkind OPERATOR(pg_catalog.<>) 't')";

// The spelling of a type without its name: what follows the name ("(10,2)"), or all of an interval's.
// A name that is not visible may be printed with its schema, hence the comparison of lengths.
constexpr std::string_view column_shapes = R"(
WITH used AS MATERIALIZED (
  SELECT DISTINCT a.atttypid, a.atttypmod, a.attcollation FROM pg_catalog.pg_attribute a
  WHERE a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped)
SELECT u.atttypid, u.atttypmod, u.attcollation, n.nspname, t.typname, t.typcategory,
       e.oid OPERATOR(pg_catalog.=) 1186,
       CASE WHEN u.atttypmod OPERATOR(pg_catalog.<) 0 THEN NULL
            WHEN e.oid OPERATOR(pg_catalog.=) 1186 THEN pg_catalog.format_type(t.oid, u.atttypmod)
            WHEN e.oid OPERATOR(pg_catalog.<) 16384
              THEN pg_catalog.substring(pg_catalog.format_type(e.oid, u.atttypmod), '\([^)]*\)')
            ELSE pg_catalog.substr(pg_catalog.format_type(e.oid, u.atttypmod),
                   pg_catalog.length(pg_catalog.format_type(e.oid, NULL)) OPERATOR(pg_catalog.+) 1) END,
       CASE WHEN u.attcollation OPERATOR(pg_catalog.<>) t.typcollation THEN cn.nspname END,
       CASE WHEN u.attcollation OPERATOR(pg_catalog.<>) t.typcollation THEN co.collname END
FROM used u
JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) u.atttypid
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
JOIN pg_catalog.pg_type e ON e.oid OPERATOR(pg_catalog.=)
  CASE WHEN t.typcategory OPERATOR(pg_catalog.=) 'A' AND t.typelem OPERATOR(pg_catalog.<>) 0 THEN t.typelem
       ELSE t.oid END
LEFT JOIN pg_catalog.pg_collation co ON co.oid OPERATOR(pg_catalog.=) u.attcollation
LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid OPERATOR(pg_catalog.=) co.collnamespace)";

constexpr std::string_view columns = R"(
SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull,
       a.attgenerated OPERATOR(pg_catalog.<>) '',
       CASE WHEN a.attgenerated OPERATOR(pg_catalog.<>) '' THEN (
         SELECT d.adbin::pg_catalog.text FROM pg_catalog.pg_attrdef d
         WHERE d.adrelid OPERATOR(pg_catalog.=) a.attrelid AND d.adnum OPERATOR(pg_catalog.=) a.attnum) END
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
WHERE a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
  AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'v', 'm', 'f', 'S', 'c']::pg_catalog."char"[]))";

// Operator classes that prove uniqueness under the type's own equality: the default ones, and the pattern
// ones.
constexpr std::string_view key_classes = R"(
SELECT o.oid FROM pg_catalog.pg_opclass o
WHERE o.opcdefault OR o.opcname OPERATOR(pg_catalog.=)
  ANY (ARRAY['text_pattern_ops', 'varchar_pattern_ops', 'bpchar_pattern_ops']::pg_catalog.name[]))";

// Nor may the index's collation be a finer one than the column's; a question only where there are
// nondeterministic collations.
constexpr std::string_view unique_keys = R"(
SELECT i.indrelid, i.indkey::pg_catalog.text, i.indnkeyatts, i.indclass::pg_catalog.text, i.indisprimary,
       i.indnullsnotdistinct,
       (SELECT c.relname FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) i.indexrelid)
FROM pg_catalog.pg_index i
WHERE i.indisunique AND i.indisvalid AND i.indislive AND i.indimmediate
  AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indrelid OPERATOR(pg_catalog.>=) 16384
  AND (NOT EXISTS (SELECT FROM pg_catalog.pg_collation c WHERE NOT c.collisdeterministic) OR NOT EXISTS (
    SELECT FROM pg_catalog.generate_series(0, i.indnkeyatts OPERATOR(pg_catalog.-) 1) k(n)
    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid
                                  AND a.attnum OPERATOR(pg_catalog.=) i.indkey[k.n]
    WHERE i.indcollation[k.n] OPERATOR(pg_catalog.<>) a.attcollation)))";

// btree (403) and hash (405)
constexpr std::string_view found_by_index = R"(
SELECT i.indrelid, i.indkey[0] FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
WHERE i.indisvalid AND i.indislive AND i.indpred IS NULL AND i.indrelid OPERATOR(pg_catalog.>=) 16384
  AND i.indkey[0] OPERATOR(pg_catalog.>) 0
  AND c.relam OPERATOR(pg_catalog.=) ANY (ARRAY[403, 405]::pg_catalog.oid[]))";

constexpr std::string_view foreign_keys = R"(
SELECT k.conrelid, k.confrelid, pg_catalog.array_to_string(k.conkey, ' '),
       pg_catalog.array_to_string(k.confkey, ' '), k.confupdtype, k.confdeltype,
       k.convalidated AND NOT EXISTS (
         SELECT FROM pg_catalog.pg_trigger t WHERE t.tgconstraint OPERATOR(pg_catalog.=) k.oid
         AND (t.tgenabled OPERATOR(pg_catalog.=) 'D' OR t.tgenabled OPERATOR(pg_catalog.=) 'R')),
       k.condeferrable
FROM pg_catalog.pg_constraint k WHERE k.contype OPERATOR(pg_catalog.=) 'f')";

constexpr std::string_view constraints = R"(
SELECT k.conrelid, k.oid, k.conname, k.contype, COALESCE(pg_catalog.array_to_string(k.conkey, ' '), ''),
       k.confrelid, COALESCE(pg_catalog.array_to_string(k.confkey, ' '), '')
FROM pg_catalog.pg_constraint k WHERE k.conrelid OPERATOR(pg_catalog.>=) 16384)";

constexpr std::string_view inheritance = "SELECT i.inhrelid, i.inhparent FROM pg_catalog.pg_inherits i";

constexpr std::string_view rules = R"(
SELECT DISTINCT r.ev_class FROM pg_catalog.pg_rewrite r WHERE r.ev_type OPERATOR(pg_catalog.<>) '1')";

// Disabled ones too: the table's owner may enable them. Their arguments end with a NUL byte each.
constexpr std::string_view triggers = R"(
SELECT t.tgrelid, t.tgfoid, t.tgoldtable IS NOT NULL OR t.tgnewtable IS NOT NULL, t.tgtype,
       (SELECT COALESCE(pg_catalog.string_agg(pg_catalog.convert_from(pg_catalog.decode(m.match[1], 'hex'),
                                                                      pg_catalog.getdatabaseencoding()), E'\n'), '')
        FROM pg_catalog.regexp_matches(pg_catalog.encode(t.tgargs, 'hex'),
                                       '((?:[1-9a-f][0-9a-f]|0[1-9a-f])*)00', 'g') m(match))
FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal)";

constexpr std::string_view functions = R"(
SELECT p.oid, p.pronamespace, p.proname, p.proargtypes::pg_catalog.text, p.prorettype, l.lanname, p.prokind, p.provolatile,
       p.proleakproof, p.prosecdef,
       CASE WHEN p.oid OPERATOR(pg_catalog.>=) 16384 AND p.prosqlbody IS NULL
             AND l.lanname OPERATOR(pg_catalog.=) ANY (ARRAY['sql', 'plpgsql', 'internal']::pg_catalog.name[])
            THEN p.prosrc ELSE '' END,
       CASE WHEN p.oid OPERATOR(pg_catalog.<) 16384 THEN ''
            ELSE COALESCE(pg_catalog.array_to_string(p.proallargtypes, ' '), '') END
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid OPERATOR(pg_catalog.=) p.prolang)";

constexpr std::string_view function_settings = R"(
SELECT p.oid, s.setting FROM pg_catalog.pg_proc p CROSS JOIN LATERAL pg_catalog.unnest(p.proconfig) s(setting))";

constexpr std::string_view extension_functions = R"(
SELECT d.objid, e.extname FROM pg_catalog.pg_depend d
JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid
WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass
  AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
  AND d.deptype OPERATOR(pg_catalog.=) 'e')";

constexpr std::string_view aggregates = R"(
SELECT a.aggfnoid::pg_catalog.oid, f.oid FROM pg_catalog.pg_aggregate a
CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[a.aggtransfn::pg_catalog.oid, a.aggfinalfn::pg_catalog.oid,
  a.aggcombinefn::pg_catalog.oid, a.aggserialfn::pg_catalog.oid, a.aggdeserialfn::pg_catalog.oid,
  a.aggmtransfn::pg_catalog.oid, a.aggminvtransfn::pg_catalog.oid, a.aggmfinalfn::pg_catalog.oid]) f(oid)
WHERE a.aggfnoid::pg_catalog.oid OPERATOR(pg_catalog.>=) 16384 AND f.oid OPERATOR(pg_catalog.<>) 0)";

constexpr std::string_view operators = R"(
SELECT o.oid, o.oprnamespace, o.oprname, o.oprcode::pg_catalog.oid, o.oprleft, o.oprright,
       o.oprrest::pg_catalog.oid, o.oprjoin::pg_catalog.oid
FROM pg_catalog.pg_operator o WHERE o.oid OPERATOR(pg_catalog.>=) 16384)";

constexpr std::string_view casts = R"(
SELECT c.castsource, c.casttarget, c.castfunc, c.castcontext FROM pg_catalog.pg_cast c
WHERE c.castfunc OPERATOR(pg_catalog.<>) 0 AND c.oid OPERATOR(pg_catalog.>=) 16384)";

// What stored expressions refer to, from their node trees: pg_depend leaves out all that came with the
// server, dangerous functions and pg_statistic included. Names and strings in a tree can add a false
// reference, never hide a true one. Small trees come whole, those of queries reduced to their references.
#define PGCONSENT_REFERENCES(tree)                                                                     \
  "pg_catalog.array_to_string(ARRAY(SELECT DISTINCT m.match[1] FROM pg_catalog.regexp_matches(" tree   \
  "::pg_catalog.text, '(:(?:relid|funcid|opfuncid|aggfnoid|winfnoid|tsmhandler|resulttype|consttype) " \
  "\\d+)', 'g') "                                                                                      \
  "m(match)), ' ')"

constexpr std::string_view references = R"(
SELECT 'support', a.amproc::pg_catalog.oid, NULL::pg_catalog.text FROM pg_catalog.pg_amproc a
WHERE a.amproc::pg_catalog.oid OPERATOR(pg_catalog.>=) 16384
UNION ALL
SELECT 'depends', r.ev_class, )" PGCONSENT_REFERENCES("r.ev_action") R"(
FROM pg_catalog.pg_rewrite r WHERE r.ev_class OPERATOR(pg_catalog.>=) 16384
UNION ALL
SELECT 'depends', r.ev_class, r.ev_qual::pg_catalog.text
FROM pg_catalog.pg_rewrite r WHERE r.ev_class OPERATOR(pg_catalog.>=) 16384
UNION ALL
SELECT 'implicit', d.adrelid, d.adbin::pg_catalog.text FROM pg_catalog.pg_attrdef d
UNION ALL
SELECT 'implicit', k.conrelid, k.conbin::pg_catalog.text FROM pg_catalog.pg_constraint k
WHERE k.conbin IS NOT NULL AND k.conrelid OPERATOR(pg_catalog.>=) 16384
UNION ALL
SELECT 'implicit', i.indrelid, i.indexprs::pg_catalog.text FROM pg_catalog.pg_index i WHERE i.indexprs IS NOT NULL
UNION ALL
SELECT 'implicit', i.indrelid, i.indpred::pg_catalog.text FROM pg_catalog.pg_index i WHERE i.indpred IS NOT NULL
UNION ALL
SELECT 'implicit', t.tgrelid, t.tgqual::pg_catalog.text FROM pg_catalog.pg_trigger t WHERE t.tgqual IS NOT NULL
UNION ALL
SELECT 'implicit', p.partrelid, p.partexprs::pg_catalog.text FROM pg_catalog.pg_partitioned_table p
WHERE p.partexprs IS NOT NULL
UNION ALL
SELECT 'statistics', s.stxrelid, s.stxexprs::pg_catalog.text FROM pg_catalog.pg_statistic_ext s
WHERE s.stxexprs IS NOT NULL
UNION ALL
SELECT 'policy', p.polrelid, p.polqual::pg_catalog.text FROM pg_catalog.pg_policy p WHERE p.polqual IS NOT NULL
UNION ALL
SELECT 'policy', p.polrelid, p.polwithcheck::pg_catalog.text FROM pg_catalog.pg_policy p
WHERE p.polwithcheck IS NOT NULL
UNION ALL
SELECT 'type', k.contypid, k.conbin::pg_catalog.text FROM pg_catalog.pg_constraint k
WHERE k.conbin IS NOT NULL AND k.contypid OPERATOR(pg_catalog.>=) 16384
UNION ALL
SELECT 'type', t.oid, t.typdefaultbin::pg_catalog.text FROM pg_catalog.pg_type t WHERE t.typdefaultbin IS NOT NULL
UNION ALL
SELECT 'function', p.oid, )" PGCONSENT_REFERENCES("p.prosqlbody") R"(
FROM pg_catalog.pg_proc p WHERE p.prosqlbody IS NOT NULL AND p.oid OPERATOR(pg_catalog.>=) 16384
UNION ALL
SELECT 'function', p.oid, p.proargdefaults::pg_catalog.text FROM pg_catalog.pg_proc p
WHERE p.proargdefaults IS NOT NULL AND p.oid OPERATOR(pg_catalog.>=) 16384)";

// pg_get_viewdef leaves out schemas that are visible, so the search path is emptied, the texts are read, and
// it is put back, each step fed by the one before: a CTE that is MATERIALIZED runs once and in full, and no
// row leaves unless `restored` has run. An error in between aborts the transaction, which restores the
// settings as well. Since the value is put back at the same transaction level as a local one, COMMIT,
// ROLLBACK and ROLLBACK TO leave what they would have left without this query.
constexpr std::string_view texts = R"(
WITH asked AS MATERIALIZED (
  SELECT pg_catalog.current_setting('search_path') AS path, pg_catalog.current_setting('DateStyle') AS dates,
         pg_catalog.current_setting('IntervalStyle') AS intervals,
         pg_catalog.current_setting('extra_float_digits') AS digits),
cleared AS MATERIALIZED (
  SELECT a.path, a.dates, a.intervals, a.digits, pg_catalog.set_config('search_path', '', true) AS empty,
         pg_catalog.set_config('DateStyle', 'ISO, MDY', true) AS iso,
         pg_catalog.set_config('IntervalStyle', 'postgres', true) AS plain,
         pg_catalog.set_config('extra_float_digits', '3', true) AS exact
  FROM asked a),
texts AS MATERIALIZED (
  SELECT pg_catalog.array_agg(x.class) AS classes, pg_catalog.array_agg(x.oid) AS oids,
         pg_catalog.array_agg(x.text) AS texts
  FROM (
    SELECT 'view' AS class, c.oid,
           pg_catalog.pg_get_viewdef(CASE WHEN s.empty OPERATOR(pg_catalog.=) '' THEN c.oid END) AS text
    FROM cleared s CROSS JOIN pg_catalog.pg_class c
    WHERE c.relkind OPERATOR(pg_catalog.=) 'v' AND c.oid OPERATOR(pg_catalog.>=) 16384
      AND (c.relpersistence OPERATOR(pg_catalog.<>) 't'
        OR c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema())
    UNION ALL
    SELECT 'function', p.oid,
           pg_catalog.pg_get_function_sqlbody(CASE WHEN s.empty OPERATOR(pg_catalog.=) '' THEN p.oid END)
    FROM cleared s CROSS JOIN pg_catalog.pg_proc p
    WHERE p.prosqlbody IS NOT NULL AND p.oid OPERATOR(pg_catalog.>=) 16384
    UNION ALL
    SELECT 'check', k.oid,
           pg_catalog.pg_get_expr(k.conbin, CASE WHEN s.empty OPERATOR(pg_catalog.=) '' THEN k.conrelid END)
    FROM cleared s CROSS JOIN pg_catalog.pg_constraint k
    WHERE k.conbin IS NOT NULL AND k.conrelid OPERATOR(pg_catalog.>=) 16384) x),
restored AS MATERIALIZED (
  SELECT t.classes, t.oids, t.texts, pg_catalog.set_config('search_path', s.path, true) AS path,
         pg_catalog.set_config('DateStyle', s.dates, true) AS dates,
         pg_catalog.set_config('IntervalStyle', s.intervals, true) AS intervals,
         pg_catalog.set_config('extra_float_digits', s.digits, true) AS digits
  FROM texts t CROSS JOIN cleared s)
SELECT u.class, u.oid, u.text FROM restored r
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(r.classes), pg_catalog.unnest(r.oids), pg_catalog.unnest(r.texts))
  u(class, oid, text)
WHERE r.path IS NOT NULL AND r.dates IS NOT NULL AND r.intervals IS NOT NULL AND r.digits IS NOT NULL)";

}  // namespace

std::string_view query_text(Query query) {
  switch (query) {
    case Query::database:
      return database;
    case Query::schemas:
      return schemas;
    case Query::roles:
      return roles;
    case Query::memberships:
      return memberships;
    case Query::types:
      return types;
    case Query::type_functions:
      return type_functions;
    case Query::equality_types:
      return equality_types;
    case Query::relations:
      return relations;
    case Query::column_shapes:
      return column_shapes;
    case Query::columns:
      return columns;
    case Query::key_classes:
      return key_classes;
    case Query::unique_keys:
      return unique_keys;
    case Query::found_by_index:
      return found_by_index;
    case Query::foreign_keys:
      return foreign_keys;
    case Query::constraints:
      return constraints;
    case Query::inheritance:
      return inheritance;
    case Query::rules:
      return rules;
    case Query::triggers:
      return triggers;
    case Query::functions:
      return functions;
    case Query::function_settings:
      return function_settings;
    case Query::extension_functions:
      return extension_functions;
    case Query::aggregates:
      return aggregates;
    case Query::operators:
      return operators;
    case Query::casts:
      return casts;
    case Query::references:
      return references;
    case Query::texts:
      return texts;
  }
  return {};
}

}  // namespace pgconsent::catalog
