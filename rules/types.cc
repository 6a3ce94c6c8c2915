#include "rules/types.h"

#include "parser/names/type_oids.h"

namespace pgconsent::rules {

namespace {

using parser::Column;

std::string_view builtin_name(Oid type) {
  switch (type) {
    case parser::boolean_oid:
      return "boolean";
    case parser::name_oid:
      return "name";
    case parser::bigint_oid:
      return "bigint";
    case parser::smallint_oid:
      return "smallint";
    case parser::integer_oid:
      return "integer";
    case parser::text_oid:
      return "text";
    case parser::real_oid:
      return "real";
    case parser::double_oid:
      return "double precision";
    case parser::bpchar_oid:
      return "character";
    case parser::varchar_oid:
      return "character varying";
    case parser::date_oid:
      return "date";
    case parser::timestamp_oid:
      return "timestamp without time zone";
    case parser::timestamptz_oid:
      return "timestamp with time zone";
    case parser::numeric_oid:
      return "numeric";
  }
  return {};
}

// Arrays and ranges have a base in the catalog too: their elements' type.
Column without_domain(const parser::Snapshot& catalog, Column column) {
  constexpr int depth_limit = 32;
  for (int depth = 0; depth < depth_limit && column.type_category != 'A' && column.type_category != 'R';
       ++depth) {
    auto type = catalog.types.find(column.type);
    if (type == catalog.types.end() || type->second.base == 0) break;
    column.type = type->second.base;
  }
  return column;
}

}  // namespace

bool is_integer(const Column& column) {
  return parser::is_integer_type(column.type);
}

bool is_numeric(const Column& column) {
  return is_integer(column) || column.type == parser::real_oid || column.type == parser::double_oid ||
         column.type == parser::numeric_oid;
}

bool is_string(const Column& column) {
  return column.type_category == 'S' || column.type == parser::text_oid ||
         column.type == parser::varchar_oid || column.type == parser::bpchar_oid ||
         column.type == parser::name_oid;
}

bool is_date(const Column& column) {
  return column.type == parser::date_oid || column.type == parser::timestamp_oid ||
         column.type == parser::timestamptz_oid;
}

bool is_timestamptz(const Column& column) {
  return column.type == parser::timestamptz_oid;
}
bool is_boolean(const Column& column) {
  return column.type == parser::boolean_oid;
}
bool is_enum(const Column& column) {
  return column.type_category == 'E';
}

bool has_own_equality(const parser::Snapshot& catalog, const Column& column) {
  constexpr parser::Oid first_of_extensions = 16384;  // FirstNormalObjectId
  const Column base = without_domain(catalog, column);
  return base.type >= first_of_extensions && !is_enum(base);
}

bool comparable(const parser::Snapshot& catalog, const Column& domain_or_a, const Column& domain_or_b) {
  const Column a = without_domain(catalog, domain_or_a), b = without_domain(catalog, domain_or_b);
  if (!a.has_equality || !b.has_equality || has_own_equality(catalog, a) || has_own_equality(catalog, b))
    return false;
  return a.type == b.type || (is_integer(a) && is_integer(b)) || (is_string(a) && is_string(b));
}

int length_limit(const Column& column) {
  constexpr int header = 4;  // VARHDRSZ is part of the type modifier
  const bool limited = column.type == parser::varchar_oid || column.type == parser::bpchar_oid;
  return limited && column.typmod > header ? column.typmod - header : 0;
}

std::string type_name(const Column& column) {
  std::string name(builtin_name(column.type));
  if (!name.empty()) {
    if (int limit = length_limit(column); limit > 0) name += "(" + std::to_string(limit) + ")";
    return name;
  }
  for (char c : column.type_sql) {
    if (c != '"') name += c;
  }
  constexpr std::string_view catalog = "pg_catalog.";
  if (name.starts_with(catalog)) name.erase(0, catalog.size());
  return name.empty() ? "type " + std::to_string(column.type) : name;
}

}  // namespace pgconsent::rules
