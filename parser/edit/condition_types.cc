#include "parser/edit/condition_types.h"

#include <algorithm>

#include "parser/names/built_in_types.h"
#include "parser/tree/walker.h"

namespace pgconsent::parser {

namespace {

struct NamedType {
  std::string_view name;
  Oid oid;
};
constexpr NamedType built_in[] = {
    {"bool", boolean_oid},
    {"boolean", boolean_oid},
    {"bytea", bytea_oid},
    {"char", char_oid},
    {"name", name_oid},
    {"int8", bigint_oid},
    {"int2", smallint_oid},
    {"int4", integer_oid},
    {"text", text_oid},
    {"oid", oid_oid},
    {"json", json_oid},
    {"float4", real_oid},
    {"float8", double_oid},
    {"inet", 869},
    {"cidr", 650},
    {"macaddr", 829},
    {"bpchar", bpchar_oid},
    {"varchar", varchar_oid},
    {"date", date_oid},
    {"time", time_oid},
    {"timestamp", timestamp_oid},
    {"interval", interval_oid},
    {"numeric", numeric_oid},
    {"uuid", uuid_oid},
    {"jsonb", jsonb_oid},
    {"tsvector", tsvector_oid},
    {"tsquery", tsquery_oid},
    {"jsonpath", 4072},
};

struct ArrayType {
  Oid element, oid;
};
constexpr ArrayType arrays[] = {
    {boolean_oid, 1000}, {smallint_oid, 1005}, {integer_oid, 1007}, {text_oid, 1009},
    {bpchar_oid, 1014},  {varchar_oid, 1015},  {bigint_oid, 1016},  {numeric_oid, 1231},
    {uuid_oid, 2951},    {jsonb_oid, 3807},    {name_oid, 1003},    {oid_oid, 1028},
};

int rank(Oid type) {
  static constexpr Oid order[] = {smallint_oid, integer_oid, bigint_oid, numeric_oid, real_oid, double_oid};
  const auto* found = std::find(std::begin(order), std::end(order), type);
  return found == std::end(order) ? -1 : static_cast<int>(found - std::begin(order));
}

bool is_user_type(Oid type) {
  return type >= first_user_oid;
}

}  // namespace

Oid type_named(std::string_view name) {
  for (const NamedType& type : built_in) {
    if (type.name == name) return type.oid;
  }
  return literal_type;
}

Oid known_type(Oid type, const Snapshot& catalog) {
  for (int depth = 0; depth < 32; ++depth) {
    auto found = catalog.types.find(type);
    if (found == catalog.types.end()) break;
    if (found->second.relation != 0 || found->second.name.starts_with('_')) return other_type;
    if (found->second.base == 0) return type;
    type = found->second.base;
  }
  const bool known = std::any_of(std::begin(built_in), std::end(built_in),
                                 [&](const NamedType& each) { return each.oid == type; });
  return known || is_array(type) ? type : other_type;
}

Oid known_type(const TypeName& name, const Snapshot& catalog) {
  const std::string_view last = last_string(name.names);
  const std::string_view schema = schema_string(name.names);
  Oid type = other_type;
  if (schema.empty() || schema == "pg_catalog") type = type_named(last);
  for (const auto& [oid, user] : catalog.types) {
    const bool meant = schema.empty() ? !is_built_in_type(last) : user.schema == schema;
    if (user.name == last && meant) type = known_type(oid, catalog);
  }
  if (type == literal_type) type = other_type;
  if (name.arrayBounds == nullptr) return type;
  for (const ArrayType& array : arrays) {
    if (array.element == type) return array.oid;
  }
  return other_type;
}

bool is_text(Oid type) {
  return type == text_oid || type == varchar_oid || type == bpchar_oid || type == name_oid ||
         type == char_oid;
}

bool is_time_type(Oid type) {
  return type == date_oid || type == timestamp_oid || type == time_oid || type == interval_oid;
}

bool is_number(Oid type) {
  return rank(type) >= 0;
}

bool is_array(Oid type) {
  return std::any_of(std::begin(arrays), std::end(arrays), [&](const ArrayType& a) { return a.oid == type; });
}

bool is_plain(Oid type) {
  return type != other_type && type != literal_type && type != real_oid && type != double_oid &&
         type != bytea_oid && !is_time_type(type);
}

bool is_polymorphic(Oid type) {
  static constexpr Oid types[] = {2276, 2277, 2283, 2776, 3500, 3831, 4537, 4538, 5077, 5078, 5079, 5080};
  return std::find(std::begin(types), std::end(types), type) != std::end(types);
}

bool may_become(Oid argument, Oid parameter) {
  if (argument == parameter || argument == literal_type || argument == other_type) return true;
  if (parameter == 2277 || parameter == 5078) return is_array(argument);
  if (parameter == 3831 || parameter == 5080 || parameter == 4537 || parameter == 4538) return false;
  if (parameter == 3500) return is_user_type(argument);
  if (is_polymorphic(parameter)) return true;
  if (is_text(argument)) return is_text(parameter);
  if (is_number(argument)) {
    return rank(parameter) >= rank(argument) || (parameter == oid_oid && rank(argument) <= rank(bigint_oid));
  }
  switch (argument) {
    case date_oid:
      return parameter == timestamp_oid || parameter == timestamptz_oid;
    case timestamp_oid:
      return parameter == timestamptz_oid;
    case time_oid:
      return parameter == interval_oid || parameter == timetz_oid;
    default:
      return is_user_type(argument) && !is_user_type(parameter);
  }
}

Oid common_type(Oid a, Oid b) {
  if (a == b || b == literal_type) return a;
  if (a == literal_type) return b;
  if (is_number(a) && is_number(b)) return rank(a) > rank(b) ? a : b;
  if (is_text(a) && is_text(b)) return text_oid;
  if ((a == date_oid && b == timestamp_oid) || (a == timestamp_oid && b == date_oid)) return timestamp_oid;
  return other_type;
}

}  // namespace pgconsent::parser
