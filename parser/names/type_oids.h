// OIDs of built-in types (pg_type.dat): the same in every PostgreSQL.
#pragma once

#include "parser/names/identifier.h"

namespace pgconsent::parser {

inline constexpr Oid boolean_oid = 16;
inline constexpr Oid bytea_oid = 17;
inline constexpr Oid name_oid = 19;
inline constexpr Oid bigint_oid = 20;
inline constexpr Oid smallint_oid = 21;
inline constexpr Oid integer_oid = 23;
inline constexpr Oid text_oid = 25;
inline constexpr Oid oid_oid = 26;
inline constexpr Oid real_oid = 700;
inline constexpr Oid double_oid = 701;
inline constexpr Oid bpchar_oid = 1042;
inline constexpr Oid varchar_oid = 1043;
inline constexpr Oid date_oid = 1082;
inline constexpr Oid timestamp_oid = 1114;
inline constexpr Oid timestamptz_oid = 1184;
inline constexpr Oid numeric_oid = 1700;
inline constexpr Oid uuid_oid = 2950;

}  // namespace pgconsent::parser
