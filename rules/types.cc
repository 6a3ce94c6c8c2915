#include "rules/types.h"

namespace pgconsent::rules {

namespace {

using parser::Column;

// pg_type.dat of PostgreSQL 15: these OIDs are fixed.
enum TypeOid : Oid {
  boolean_oid = 16,
  name_oid = 19,
  bigint_oid = 20,
  smallint_oid = 21,
  integer_oid = 23,
  text_oid = 25,
  real_oid = 700,
  double_oid = 701,
  bpchar_oid = 1042,
  varchar_oid = 1043,
  date_oid = 1082,
  timestamp_oid = 1114,
  timestamptz_oid = 1184,
  numeric_oid = 1700,
};

std::string_view builtin_name(Oid type) {
  switch (type) {
    case boolean_oid:
      return "boolean";
    case name_oid:
      return "name";
    case bigint_oid:
      return "bigint";
    case smallint_oid:
      return "smallint";
    case integer_oid:
      return "integer";
    case text_oid:
      return "text";
    case real_oid:
      return "real";
    case double_oid:
      return "double precision";
    case bpchar_oid:
      return "character";
    case varchar_oid:
      return "character varying";
    case date_oid:
      return "date";
    case timestamp_oid:
      return "timestamp without time zone";
    case timestamptz_oid:
      return "timestamp with time zone";
    case numeric_oid:
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
  return column.type == bigint_oid || column.type == integer_oid || column.type == smallint_oid;
}

bool is_numeric(const Column& column) {
  return is_integer(column) || column.type == real_oid || column.type == double_oid ||
         column.type == numeric_oid;
}

bool is_string(const Column& column) {
  return column.type_category == 'S' || column.type == text_oid || column.type == varchar_oid ||
         column.type == bpchar_oid || column.type == name_oid;
}

bool is_date(const Column& column) {
  return column.type == date_oid || column.type == timestamp_oid || column.type == timestamptz_oid;
}

bool is_timestamptz(const Column& column) {
  return column.type == timestamptz_oid;
}
bool is_boolean(const Column& column) {
  return column.type == boolean_oid;
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
  const bool limited = column.type == varchar_oid || column.type == bpchar_oid;
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
