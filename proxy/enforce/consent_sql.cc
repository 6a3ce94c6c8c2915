#include "proxy/enforce/consent_sql.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgconsent::enforce {

namespace {

std::string joined(const std::vector<std::string>& conditions, std::string_view by) {
  std::string sql;
  for (const std::string& condition : conditions) sql.append(sql.empty() ? "" : by).append(condition);
  return conditions.size() > 1 ? "(" + sql + ")" : sql;
}

}  // namespace

std::string column_sql(const parser::Relation& relation, parser::AttrNumber attnum, std::string_view alias) {
  return fmt::format("{}.{}", alias, parser::quote_identifier(relation.column(attnum)->name));
}

std::string relation_sql(const parser::Relation& relation) {
  return parser::quote_qualified({relation.schema, relation.name});
}

std::string equal_sql(std::string_view left, std::string_view right) {
  return fmt::format("{} OPERATOR(pg_catalog.=) {}", left, right);
}

std::string is_not_true(const std::string& condition) {
  return "(" + condition + ") IS NOT TRUE";
}

std::string all_of(const std::vector<std::string>& conditions) {
  std::vector<std::string> open;
  for (const std::string& condition : conditions) {
    if (condition == "FALSE") return condition;
    if (condition != "TRUE" && std::find(open.begin(), open.end(), condition) == open.end())
      open.push_back(condition);
  }
  return open.empty() ? "TRUE" : joined(open, " AND ");
}

std::string any_of(const std::vector<std::string>& conditions) {
  std::vector<std::string> open;
  for (const std::string& condition : conditions) {
    if (condition == "TRUE") return condition;
    if (condition != "FALSE" && std::find(open.begin(), open.end(), condition) == open.end())
      open.push_back(condition);
  }
  return open.empty() ? "FALSE" : joined(open, " OR ");
}

std::unique_ptr<ConsentSql> make_consent_sql(const Generation& generation, const ConsentSqlRequest& request) {
  switch (request.kind->consent->kind) {
    case rules::ConsentSource::Kind::table:
      return make_table_consent(generation, request);
    case rules::ConsentSource::Kind::column:
      return make_column_consent(generation, request);
    case rules::ConsentSource::Kind::builtin:
      return make_builtin_consent(generation, request);
  }
  return nullptr;
}

}  // namespace pgconsent::enforce
