#include "proxy/cli_control.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <pqxx/pqxx>
#include <sstream>

namespace pgconsent {

class ControlQueries::Impl {
 public:
  explicit Impl(const std::string& connection) : connection(connection) {}

  // What is thrown on the way becomes `error`.
  void each_row(const std::string& sql, std::string& error,
                const std::function<void(const pqxx::row&)>& use) {
    try {
      pqxx::nontransaction query(connection);
      for (const auto& row : query.exec(sql)) use(row);
    } catch (const std::exception& e) {
      error = e.what();
    }
  }

  pqxx::connection connection;
};

ControlQueries::ControlQueries(const config::Config& config, const std::string& database) {
  auto [text, error] = config::control_connection(config, database);
  error_ = std::move(error);
  if (!error_.empty()) return;
  try {
    impl_ = std::make_unique<Impl>(text);
  } catch (const std::exception& e) {
    error_ = e.what();
  }
}

ControlQueries::~ControlQueries() = default;

ControlQueries::Problem ControlQueries::problem(const std::string& sql) {
  try {
    pqxx::nontransaction query(impl_->connection);
    query.exec("PREPARE pgconsent_check AS " + sql);
    query.exec("DEALLOCATE pgconsent_check");
    return {};
  } catch (const pqxx::sql_error& e) {
    std::string_view why = e.what();
    if (why.starts_with("ERROR:")) why.remove_prefix(6);
    while (why.starts_with(' ')) why.remove_prefix(1);
    return {std::string(why.substr(0, why.find('\n'))),
            dynamic_cast<const pqxx::insufficient_privilege*>(&e) != nullptr};
  } catch (const std::exception& e) {
    return {error_ = e.what(), false};
  }
}

bool ControlQueries::may_read(std::string_view role, parser::Oid relation) {
  const std::string name = impl_->connection.quote(std::string(role)), oid = std::to_string(relation);
  bool may = false;
  impl_->each_row("SELECT pg_catalog.has_schema_privilege(" + name + "::name, c.relnamespace, 'USAGE') AND " +
                      "pg_catalog.has_any_column_privilege(" + name + "::name, c.oid, 'SELECT') " +
                      "FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) " + oid,
                  error_, [&](const pqxx::row& row) { may = row[0].as<bool>(); });
  return may;
}

namespace {

std::string oid_array(const std::vector<parser::Oid>& oids) {
  return fmt::format("'{{{}}}'::pg_catalog.oid[]", fmt::join(oids, ","));
}

// "1 2 0": 0 is none.
std::vector<parser::AttrNumber> column_numbers(const std::string& text) {
  std::vector<parser::AttrNumber> columns;
  std::istringstream words(text);
  for (int attnum = 0; words >> attnum;) {
    if (attnum > 0) columns.push_back(static_cast<parser::AttrNumber>(attnum));
  }
  return columns;
}

}  // namespace

std::vector<std::string> ControlQueries::stopped_subscriptions(const std::vector<parser::Oid>& relations) {
  std::vector<std::string> names;
  const std::string sql = fmt::format(
      "SELECT DISTINCT s.subname FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_subscription_rel r "
      "ON r.srsubid OPERATOR(pg_catalog.=) s.oid WHERE r.srrelid OPERATOR(pg_catalog.=) ANY "
      "({}) "
      "AND (NOT s.subenabled OR r.srsubstate OPERATOR(pg_catalog.<>) ALL ('{{r,s}}'::\"char\"[]) OR NOT "
      "EXISTS "
      "(SELECT FROM pg_catalog.pg_stat_subscription t WHERE t.subid OPERATOR(pg_catalog.=) s.oid "
      "AND t.relid IS NULL AND t.pid IS NOT NULL)) ORDER BY 1",
      oid_array(relations));
  impl_->each_row(sql, error_, [&](const pqxx::row& row) { names.push_back(row[0].as<std::string>()); });
  return names;
}

std::vector<ControlQueries::Index> ControlQueries::indexes(const std::vector<parser::Oid>& relations) {
  std::vector<Index> indexes;
  // Hash and the like give rows in no order.
  const std::string sql = fmt::format(
      "SELECT i.indrelid, n.nspname OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) c.relname, "
      "i.indpred IS NOT NULL, i.indnatts, pg_catalog.concat_ws(' ', i.indkey::pg_catalog.text, (SELECT "
      "pg_catalog.string_agg(d.refobjsubid::pg_catalog.text, ' ') FROM pg_catalog.pg_depend d "
      "WHERE d.objid OPERATOR(pg_catalog.=) i.indexrelid AND d.refobjid OPERATOR(pg_catalog.=) i.indrelid "
      "AND d.refobjsubid OPERATOR(pg_catalog.>) 0)) FROM pg_catalog.pg_index i "
      "JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid "
      "JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace "
      "JOIN pg_catalog.pg_am a ON a.oid OPERATOR(pg_catalog.=) c.relam "
      "WHERE i.indrelid OPERATOR(pg_catalog.=) ANY ({}) "
      "AND a.amname OPERATOR(pg_catalog.<>) ALL (ARRAY['hash', 'brin', 'gin']::pg_catalog.name[]) "
      "ORDER BY 2",
      oid_array(relations));
  impl_->each_row(sql, error_, [&](const pqxx::row& row) {
    Index& index = indexes.emplace_back();
    index.relation = row[0].as<parser::Oid>();
    index.name = row[1].as<std::string>();
    index.partial = row[2].as<bool>();
    index.size = row[3].as<int>();
    index.columns = column_numbers(row[4].as<std::string>());
  });
  return indexes;
}

std::vector<ControlQueries::PartitionKey> ControlQueries::partition_keys(
    const std::vector<parser::Oid>& relations) {
  std::vector<PartitionKey> keys;
  const std::string sql = fmt::format(
      "SELECT p.partrelid, pg_catalog.concat_ws(' ', p.partattrs::pg_catalog.text, (SELECT "
      "pg_catalog.string_agg(d.objsubid::pg_catalog.text, ' ') FROM pg_catalog.pg_depend d "
      "WHERE d.objid OPERATOR(pg_catalog.=) p.partrelid AND d.refobjid OPERATOR(pg_catalog.=) p.partrelid "
      "AND d.refobjsubid OPERATOR(pg_catalog.=) 0)) FROM pg_catalog.pg_partitioned_table p "
      "WHERE p.partrelid OPERATOR(pg_catalog.=) ANY ({}) ORDER BY 1",
      oid_array(relations));
  impl_->each_row(sql, error_, [&](const pqxx::row& row) {
    keys.push_back({row[0].as<parser::Oid>(), column_numbers(row[1].as<std::string>())});
  });
  return keys;
}

std::vector<std::string> split_search_path(std::string_view setting) {
  std::vector<std::string> names;
  std::size_t i = 0;
  while (i < setting.size()) {
    char c = setting[i];
    if (c == ',' || c == ' ' || c == '\t' || c == '\n') {
      ++i;
      continue;
    }
    std::string name;
    if (c == '"') {
      for (++i; i < setting.size(); ++i) {
        if (setting[i] == '"' && (i + 1 == setting.size() || setting[++i] != '"')) break;
        name.push_back(setting[i]);
      }
      if (i < setting.size() && setting[i] == '"') ++i;
    } else {
      for (; i < setting.size() && setting[i] != ',' && setting[i] != ' '; ++i) {
        char letter = setting[i];
        name.push_back(letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 'a' - 'A') : letter);
      }
    }
    names.push_back(std::move(name));
  }
  return names;
}

namespace {

// The most special setting wins: role in database, role, database, server. The server's own is only seen
// where the control role has none of its own.
std::string search_path_setting(pqxx::transaction_base& query, const std::string& role) {
  pqxx::result rows = query.exec(
      "SELECT pg_catalog.substr(entry, 13) FROM pg_catalog.pg_db_role_setting s "
      "LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole, pg_catalog.unnest(s.setconfig) AS entry "
      "WHERE entry LIKE 'search_path=%' AND (s.setrole = 0 OR r.rolname = " +
      query.quote(role) +
      ") AND (s.setdatabase = 0 OR s.setdatabase = (SELECT oid FROM pg_catalog.pg_database "
      "WHERE datname = pg_catalog.current_database())) "
      "ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1");
  if (!rows.empty()) return rows[0][0].as<std::string>();
  rows = query.exec(
      "SELECT CASE WHEN source IN ('default', 'configuration file', 'command line') THEN setting ELSE "
      "boot_val END "
      "FROM pg_catalog.pg_settings WHERE name = 'search_path'");
  return rows[0][0].as<std::string>();
}

}  // namespace

std::vector<std::string> ControlQueries::search_path(const std::string& role) {
  std::vector<std::string> path;
  try {
    pqxx::nontransaction query(impl_->connection);
    std::vector<std::string> wanted = split_search_path(search_path_setting(query, role));
    std::replace(wanted.begin(), wanted.end(), std::string("$user"), role);
    for (const std::string& schema : wanted) {
      pqxx::result rows = query.exec(
          "SELECT pg_catalog.has_schema_privilege(" + query.quote(role) +
          "::name, oid, 'USAGE') FROM pg_catalog.pg_namespace WHERE nspname = " + query.quote(schema));
      bool known = std::find(path.begin(), path.end(), schema) != path.end();
      if (!known && !rows.empty() && rows[0][0].as<bool>()) path.push_back(schema);
    }
  } catch (const std::exception& e) {
    error_ = e.what();
    return {};
  }
  if (std::find(path.begin(), path.end(), "pg_catalog") == path.end())
    path.insert(path.begin(), "pg_catalog");
  return path;
}

}  // namespace pgconsent
