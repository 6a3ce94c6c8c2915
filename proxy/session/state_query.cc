#include "proxy/session/state_query.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace pgconsent::session {

namespace {

// A session with more temporary relations than this is not analysed.
constexpr std::size_t max_temporary_relations = 10000;

std::optional<std::uint32_t> parse_oid(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

// Rows: 1 the settings, 2 the schemas of the path in order. CURRENT_USER and SESSION_USER are syntax, not
// names.
std::string_view state_query() {
  return R"(SELECT 1 AS k, CASE WHEN pg_catalog.current_setting('search_path') OPERATOR(pg_catalog.~*) 'pg_temp'
  THEN 1 ELSE 0 END::pg_catalog.int8 AS n, 0::pg_catalog.int8 AS m, CURRENT_USER::pg_catalog.text AS a,
 SESSION_USER::pg_catalog.text AS b, pg_catalog.current_setting('pgconsent.purpose', true) AS c,
 pg_catalog.current_setting('standard_conforming_strings') AS d, pg_catalog.current_setting('client_encoding') AS e
UNION ALL
SELECT 2, s.n, 0, s.name::pg_catalog.text, NULL, NULL, NULL, NULL
 FROM pg_catalog.unnest(pg_catalog.current_schemas(true)) WITH ORDINALITY AS s(name, n)
ORDER BY 1, 2)";
}

// An expression may call somebody's function where its tree holds an OID of a user's object (16384 and up),
// or set_config's (2078). Rows: 3 one per column of each temporary relation, with whether using it may call
// functions, and whether it is a child; 4 what they use of users' own outside the temporary schema
// (pg_depend), by class: pg_proc 1255, pg_class 1259, pg_type 1247, pg_operator 2617.
std::string_view temporary_query() {
  return R"(SELECT 3 AS k, c.oid::pg_catalog.int8 AS n, a.attnum::pg_catalog.int8 AS m, c.relname::pg_catalog.text AS a,
 c.relkind::pg_catalog.text AS b, a.attname::pg_catalog.text AS c,
 (c.relkind OPERATOR(pg_catalog.=) 'v'::pg_catalog."char" OR c.relhastriggers OR c.relhasrules OR c.relrowsecurity
  OR c.relhassubclass
  OR EXISTS (SELECT FROM (
    SELECT d.adbin::pg_catalog.text FROM pg_catalog.pg_attrdef AS d WHERE d.adrelid OPERATOR(pg_catalog.=) c.oid
    UNION ALL SELECT k.conbin::pg_catalog.text FROM pg_catalog.pg_constraint AS k
     WHERE k.conrelid OPERATOR(pg_catalog.=) c.oid AND k.conbin IS NOT NULL
    UNION ALL SELECT pg_catalog.concat(i.indexprs::pg_catalog.text, i.indpred::pg_catalog.text)
     FROM pg_catalog.pg_index AS i WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid) AS e(tree)
   WHERE e.tree OPERATOR(pg_catalog.~) ' (2078|1[6-9][0-9]{3}|[2-9][0-9]{4}|[0-9]{6,}) '))::pg_catalog.text,
 EXISTS (SELECT FROM pg_catalog.pg_inherits AS h WHERE h.inhrelid OPERATOR(pg_catalog.=) c.oid)::pg_catalog.text
 FROM pg_catalog.pg_class AS c LEFT JOIN pg_catalog.pg_attribute AS a
  ON a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
 WHERE c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()
  AND c.relkind OPERATOR(pg_catalog.<>) 'i'::pg_catalog."char"
UNION ALL
SELECT 4, d.refobjid::pg_catalog.int8, d.refclassid::pg_catalog.int8, pg_catalog.min(c.relname::pg_catalog.text),
 NULL, NULL, NULL, NULL
 FROM pg_catalog.pg_class AS c CROSS JOIN LATERAL (
   SELECT 1259::pg_catalog.oid AS classid, c.oid AS objid
   UNION ALL SELECT 2604, x.oid FROM pg_catalog.pg_attrdef AS x WHERE x.adrelid OPERATOR(pg_catalog.=) c.oid
   UNION ALL SELECT 2606, x.oid FROM pg_catalog.pg_constraint AS x WHERE x.conrelid OPERATOR(pg_catalog.=) c.oid
   UNION ALL SELECT 2618, x.oid FROM pg_catalog.pg_rewrite AS x WHERE x.ev_class OPERATOR(pg_catalog.=) c.oid
   UNION ALL SELECT 2620, x.oid FROM pg_catalog.pg_trigger AS x WHERE x.tgrelid OPERATOR(pg_catalog.=) c.oid
   UNION ALL SELECT 3256, x.oid FROM pg_catalog.pg_policy AS x WHERE x.polrelid OPERATOR(pg_catalog.=) c.oid) AS o
 JOIN pg_catalog.pg_depend AS d ON d.classid OPERATOR(pg_catalog.=) o.classid
  AND d.objid OPERATOR(pg_catalog.=) o.objid
 WHERE c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()
  AND d.refobjid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
  AND d.refclassid OPERATOR(pg_catalog.=) ANY ('{1255,1259,1247,2617}'::pg_catalog.oid[])
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_class AS r WHERE d.refclassid OPERATOR(pg_catalog.=) 1259::pg_catalog.oid
   AND r.oid OPERATOR(pg_catalog.=) d.refobjid AND r.relnamespace OPERATOR(pg_catalog.=) c.relnamespace)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS y WHERE d.refclassid OPERATOR(pg_catalog.=) 1247::pg_catalog.oid
   AND y.oid OPERATOR(pg_catalog.=) d.refobjid AND y.typnamespace OPERATOR(pg_catalog.=) c.relnamespace
   AND y.typtype OPERATOR(pg_catalog.=) ANY ('{c,e}'::pg_catalog."char"[]))
 GROUP BY d.refobjid, d.refclassid
ORDER BY 1, 2, 3)";
}

bool StateReader::row(std::span<const std::optional<std::string_view>> fields) {
  if (fields.size() != 8 || !fields[0] || !fields[3]) return false;
  if (*fields[0] == "1") {
    if (has_settings_ || !fields[4] || !fields[6] || !fields[7]) return false;
    state.path_names_temporary = fields[1] == "1";
    state.role = *fields[3];
    session_user = *fields[4];
    state.purpose = fields[5].value_or("");
    standard_conforming_strings = *fields[6] == "on";
    client_encoding = *fields[7];
    has_settings_ = true;
    return true;
  }
  if (*fields[0] == "2") {
    state.search_path.emplace_back(*fields[3]);
    return true;
  }
  if (*fields[0] == "4") return use(fields);
  if (*fields[0] != "3" || !fields[1] || !fields[4] || fields[4]->size() != 1) return false;
  const auto oid = parse_oid(*fields[1]);
  if (!oid) return false;
  if (state.temporary.empty() || state.temporary.back().oid != *oid) {
    if (state.temporary.size() == max_temporary_relations) return false;
    state.temporary.push_back(
        {*oid, std::string(*fields[3]), fields[4]->front(), {}, fields[6] != "false", fields[7] != "false"});
  }
  if (fields[5]) state.temporary.back().columns.emplace_back(*fields[5]);
  return true;
}

bool StateReader::needs_temporary() {
  const auto& path = state.search_path;
  const bool any = std::any_of(path.begin(), path.end(),
                               [](const std::string& schema) { return schema.starts_with("pg_temp_"); });
  return any && !std::exchange(asked_temporary_, true);
}

bool StateReader::use(std::span<const std::optional<std::string_view>> fields) {
  using Kind = enforce::TemporaryUse::Kind;
  const auto oid = fields[1] ? parse_oid(*fields[1]) : std::nullopt;
  const auto kind_class = fields[2] ? parse_oid(*fields[2]) : std::nullopt;
  if (!oid || !kind_class || state.temporary_uses.size() == max_temporary_relations) return false;
  const Kind kind = *kind_class == 1255   ? Kind::function
                    : *kind_class == 1259 ? Kind::relation
                    : *kind_class == 1247 ? Kind::type
                                          : Kind::operation;
  state.temporary_uses.push_back({kind, *oid, std::string(*fields[3])});
  return true;
}

}  // namespace pgconsent::session
