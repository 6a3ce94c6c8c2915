#include "parser/bind/name_resolver.h"

#include <algorithm>

#include "parser/tree/server_nodes.h"

namespace pgconsent::parser {

namespace {

bool is_temporary_schema(std::string_view schema) {
  return schema.starts_with("pg_temp_");
}

}  // namespace

bool NameResolver::is_own_temporary_schema(std::string_view schema) const {
  if (schema == "pg_temp") return true;
  return is_temporary_schema(schema) &&
         std::find(search_path_.begin(), search_path_.end(), schema) != search_path_.end();
}

bool NameResolver::catalog_comes_first() const {
  for (const std::string& schema : search_path_) {
    if (!is_temporary_schema(schema)) return schema == "pg_catalog";
  }
  return false;
}

bool NameResolver::has_temporary_schema() const {
  return std::any_of(search_path_.begin(), search_path_.end(), is_temporary_schema);
}

const TemporaryName* NameResolver::temporary(std::string_view name) const {
  auto it = std::find_if(temporary_.begin(), temporary_.end(),
                         [&](const TemporaryName& t) { return t.name == name; });
  return it == temporary_.end() ? nullptr : &*it;
}

ResolvedName NameResolver::resolve(const RangeVar& range) const {
  if (range.catalogname != nullptr && range.catalogname != catalog_.database) {
    ResolvedName wrong;
    wrong.wrong_database = true;
    return wrong;
  }
  return resolve(range.schemaname == nullptr ? std::string_view() : range.schemaname, range.relname);
}

ResolvedName NameResolver::resolve(std::string_view schema, std::string_view name) const {
  ResolvedName result;
  if (!schema.empty()) {
    if (is_own_temporary_schema(schema)) {
      result.temporary = temporary(name);
    } else {
      result.relation = catalog_.relation(schema, name);
    }
    return result;
  }
  for (const std::string& candidate : search_path_) {
    if (is_temporary_schema(candidate)) {
      result.temporary = temporary(name);
    } else {
      result.relation = catalog_.relation(candidate, name);
    }
    if (result.found()) break;
  }
  return result;
}

bool NameResolver::temporary_children_run_code() const {
  return std::any_of(temporary_.begin(), temporary_.end(),
                     [](const TemporaryName& relation) { return relation.is_child && relation.runs_code; });
}

}  // namespace pgconsent::parser
