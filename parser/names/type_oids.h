// OIDs of built-in types (pg_type.dat): the same in every PostgreSQL.
#pragma once

#include "parser/names/identifier.h"

namespace pgconsent::parser {

inline constexpr Oid boolean_oid = 16;
inline constexpr Oid bytea_oid = 17;
inline constexpr Oid char_oid = 18;  // "char"
inline constexpr Oid name_oid = 19;
inline constexpr Oid bigint_oid = 20;
inline constexpr Oid smallint_oid = 21;
inline constexpr Oid integer_oid = 23;
inline constexpr Oid text_oid = 25;
inline constexpr Oid oid_oid = 26;
inline constexpr Oid json_oid = 114;
inline constexpr Oid real_oid = 700;
inline constexpr Oid double_oid = 701;
inline constexpr Oid bpchar_oid = 1042;
inline constexpr Oid varchar_oid = 1043;
inline constexpr Oid date_oid = 1082;
inline constexpr Oid time_oid = 1083;
inline constexpr Oid timestamp_oid = 1114;
inline constexpr Oid timestamptz_oid = 1184;
inline constexpr Oid interval_oid = 1186;
inline constexpr Oid timetz_oid = 1266;
inline constexpr Oid numeric_oid = 1700;
inline constexpr Oid uuid_oid = 2950;
inline constexpr Oid tsvector_oid = 3614;
inline constexpr Oid tsquery_oid = 3615;
inline constexpr Oid jsonb_oid = 3802;

// smallint, integer, bigint: equal ones are the same key.
constexpr bool is_integer_type(Oid type) {
  return type == smallint_oid || type == integer_oid || type == bigint_oid;
}

}  // namespace pgconsent::parser
