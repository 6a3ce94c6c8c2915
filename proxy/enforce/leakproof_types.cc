#include "proxy/enforce/leakproof_types.h"

#include <algorithm>

#include "parser/names/type_oids.h"

namespace pgconsent::enforce {

bool has_leakproof_equality(const parser::Column& column) {
  static constexpr parser::Oid types[] = {
      parser::boolean_oid,     parser::bytea_oid,   parser::name_oid, parser::bigint_oid,
      parser::smallint_oid,    parser::integer_oid, parser::text_oid, parser::oid_oid,
      parser::bpchar_oid,      parser::varchar_oid, parser::date_oid, parser::timestamp_oid,
      parser::timestamptz_oid, parser::uuid_oid};
  return column.collation_sql.empty() &&
         std::find(std::begin(types), std::end(types), column.type) != std::end(types);
}

}  // namespace pgconsent::enforce
