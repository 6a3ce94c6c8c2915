#include "proxy/catalog/type_table.h"

#include <algorithm>
#include <array>
#include <utility>

namespace pgconsent::catalog {

namespace {

using namespace std::string_view_literals;

// Where format_type prints something else than pg_type.typname.
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> sql_names{{
    {"bit"sv, "bit"sv},
    {"bool"sv, "boolean"sv},
    {"bpchar"sv, "character"sv},
    {"char"sv, "\"char\""sv},
    {"float4"sv, "real"sv},
    {"float8"sv, "double precision"sv},
    {"int2"sv, "smallint"sv},
    {"int4"sv, "integer"sv},
    {"int8"sv, "bigint"sv},
    {"interval"sv, "interval"sv},
    {"time"sv, "time without time zone"sv},
    {"timestamp"sv, "timestamp without time zone"sv},
    {"timestamptz"sv, "timestamp with time zone"sv},
    {"timetz"sv, "time with time zone"sv},
    {"varbit"sv, "bit varying"sv},
    {"varchar"sv, "character varying"sv},
}};

constexpr int depth_limit = 32;  // domains over domains, arrays of them

bool is_plain(std::string_view name) {
  auto inner = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
  };
  bool starts_well = !name.empty() && (name[0] == '_' || (name[0] >= 'a' && name[0] <= 'z'));
  return starts_well && std::all_of(name.begin(), name.end(), inner);
}

void append_name(std::string& out, std::string_view name) {
  if (is_plain(name)) {
    out += name;
  } else {
    parser::append_identifier(out, name);
  }
}

// A true array; name, point and box have element types too.
bool is_array(const TypeEntry& type) {
  return type.category == 'A' && type.element != 0;
}

}  // namespace

const TypeEntry* TypeTable::find(Oid oid) const {
  auto it = types_.find(oid);
  return it == types_.end() ? nullptr : &it->second;
}

bool TypeTable::has_equality(Oid oid, bool rows, int depth) const {
  if (equality_.contains(oid)) return true;
  const TypeEntry* type = find(oid);
  if (type == nullptr || depth == depth_limit) return false;
  switch (type->kind) {
    case 'e':
    case 'r':
    case 'm':
      return true;
    case 'd':
      return has_equality(type->base, rows, depth + 1);
    case 'b':
      return is_array(*type) && has_equality(type->element, rows, depth + 1);
    case 'c': {
      const auto attributes = attributes_.find(oid);
      return rows && attributes != attributes_.end() &&
             std::all_of(attributes->second.begin(), attributes->second.end(),
                         [&](Oid attribute) { return has_equality(attribute, rows, depth + 1); });
    }
    default:  // pseudo-types depend on the value
      return false;
  }
}

std::string TypeTable::spelling(Oid oid) const {
  const TypeEntry* type = find(oid);
  if (type == nullptr) return {};
  bool vector = type->schema == "pg_catalog" && (type->name == "int2vector" || type->name == "oidvector");
  if (is_array(*type) && !vector) {
    std::string element = spelling(type->element);
    return element.empty() ? element : element + "[]";
  }
  if (type->schema != "pg_catalog") return spell_name(type->schema, type->name);
  for (auto [internal, sql] : sql_names) {
    if (type->name == internal) return std::string(sql);
  }
  std::string out;
  append_name(out, type->name);
  return out;
}

std::string spell_name(std::string_view schema, std::string_view name) {
  std::string out;
  append_name(out, schema);
  out += '.';
  append_name(out, name);
  return out;
}

std::string type_sql(std::string_view schema, std::string_view name, bool is_interval,
                     std::optional<std::string_view> modifier) {
  if (is_interval && modifier) return std::string(*modifier);
  std::string out;
  parser::append_identifier(out, schema);
  out += '.';
  parser::append_identifier(out, name);
  if (modifier) out += *modifier;
  return out;
}

}  // namespace pgconsent::catalog
