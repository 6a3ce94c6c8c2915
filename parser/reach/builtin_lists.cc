#include "parser/reach/builtin_lists.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace pgconsent::parser {

namespace {

using namespace std::string_view_literals;

struct DeniedBuiltin {
  std::string_view identity, reason;
};
constexpr DeniedBuiltin denied_builtins[] = {
#include "parser/reach/denied_builtins.inc"
};

constexpr CatalogRule denied_catalogs[] = {
#include "parser/reach/denied_catalogs.inc"
};

constexpr std::array pure_extensions = {
    "btree_gin"sv,       "btree_gist"sv,    "citext"sv,    "cube"sv,     "dict_int"sv, "dict_xsyn"sv,
    "earthdistance"sv,   "fuzzystrmatch"sv, "hstore"sv,    "intagg"sv,   "intarray"sv, "isn"sv,
    "ltree"sv,           "moddatetime"sv,   "pg_trgm"sv,   "pgcrypto"sv, "seg"sv,      "tsm_system_rows"sv,
    "tsm_system_time"sv, "unaccent"sv,      "uuid-ossp"sv, "vector"sv};

constexpr std::array reading_extensions = {"adminpack"sv,
                                           "amcheck"sv,
                                           "dblink"sv,
                                           "file_fdw"sv,
                                           "old_snapshot"sv,
                                           "pageinspect"sv,
                                           "pg_buffercache"sv,
                                           "pg_freespacemap"sv,
                                           "pg_prewarm"sv,
                                           "pg_stat_statements"sv,
                                           "pg_surgery"sv,
                                           "pg_visibility"sv,
                                           "pg_walinspect"sv,
                                           "pgrowlocks"sv,
                                           "pgstattuple"sv,
                                           "postgres_fdw"sv,
                                           "tablefunc"sv,
                                           "tcn"sv,
                                           "xml2"sv};

// Made by CREATE TYPE … AS RANGE.
constexpr std::array range_constructors = {"range_constructor2"sv, "range_constructor3"sv,
                                           "multirange_constructor0"sv, "multirange_constructor1"sv,
                                           "multirange_constructor2"sv};

constexpr std::array large_object_functions = {
    "lo_close"sv,      "lo_creat"sv,  "lo_create"sv, "lo_from_bytea"sv, "lo_get"sv,    "lo_lseek"sv,
    "lo_lseek64"sv,    "lo_open"sv,   "lo_put"sv,    "lo_tell"sv,       "lo_tell64"sv, "lo_truncate"sv,
    "lo_truncate64"sv, "lo_unlink"sv, "loread"sv,    "lowrite"sv};

template <class List>
bool contains(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// ts_rewrite has a harmless overload.
constexpr std::string_view harmless_overload = "pg_catalog.ts_rewrite(tsquery, tsquery, tsquery)";

}  // namespace

SpecialFunction special_function(const Function& function) {
  if (function.oid >= first_user_oid) return SpecialFunction::none;
  std::string_view name = function.name;
  if (name == "current_query") return SpecialFunction::current_query;
  if (name == "currtid2") return SpecialFunction::opens_by_name;
  if (name == "pg_cursor" || name == "pg_prepared_statement") return SpecialFunction::own_statements;
  if (name == "pg_notify") return SpecialFunction::notify;
  if (name == "set_config") return SpecialFunction::set_config;
  if (contains(large_object_functions, name)) return SpecialFunction::large_object;
  return SpecialFunction::none;
}

bool is_unsafe_inside(SpecialFunction special) {
  return special == SpecialFunction::current_query || special == SpecialFunction::own_statements ||
         special == SpecialFunction::set_config;
}

std::string_view denied_builtin(const Function& function) {
  static const auto by_identity = [] {
    std::unordered_map<std::string_view, std::string_view> map;
    for (const DeniedBuiltin& denied : denied_builtins) map.emplace(denied.identity, denied.reason);
    return map;
  }();
  static const auto by_name = [] {
    std::unordered_map<std::string_view, std::string_view> map;
    for (const DeniedBuiltin& denied : denied_builtins) {
      std::string_view name = denied.identity.substr(std::string_view("pg_catalog.").size());
      map.emplace(name.substr(0, name.find('(')), denied.reason);
    }
    return map;
  }();
  if (function.oid >= first_user_oid || function.schema != "pg_catalog") return {};
  if (auto it = by_identity.find(function.identity); it != by_identity.end()) return it->second;
  if (function.identity == harmless_overload) return {};
  auto it = by_name.find(function.name);
  return it == by_name.end() ? std::string_view() : it->second;
}

const CatalogRule* catalog_rule(std::string_view name) {
  static const auto by_name = [] {
    std::unordered_map<std::string_view, const CatalogRule*> map;
    for (const CatalogRule& rule : denied_catalogs) map.emplace(rule.name, &rule);
    return map;
  }();
  auto it = by_name.find(name);
  return it == by_name.end() ? nullptr : it->second;
}

bool is_pure_native(const Function& function) {
  if (function.language == "internal" && contains(range_constructors, function.body)) return true;
  bool is_native = function.language == "c" || function.language == "internal";
  return is_native && contains(pure_extensions, function.extension);
}
bool is_reading_extension(std::string_view extension) {
  return contains(reading_extensions, extension);
}

}  // namespace pgconsent::parser
