// The queries inside a client's transaction: same rows under any search path, and no trace left.
#include <gtest/gtest.h>

#include "proxy/catalog/loader.h"
#include "proxy/catalog/queries.h"
#include "tests/unit/catalog/server.h"

namespace pgconsent::catalog {
namespace {

using Rows = std::vector<std::string>;

std::vector<Rows> run_all(pqxx::transaction_base& transaction) {
  std::vector<Rows> all;
  for (std::string_view query : catalog_queries()) {
    Rows& rows = all.emplace_back();
    for (const auto& row : transaction.exec(std::string(query))) {
      std::string text;
      for (const auto& field : row) text += std::string(field.is_null() ? "\\N" : field.c_str()) + "\t";
      rows.push_back(text);
    }
    std::sort(rows.begin(), rows.end());
  }
  return all;
}

std::string show(pqxx::transaction_base& transaction, const std::string& setting) {
  return transaction.exec("SELECT pg_catalog.current_setting('" + setting + "')")[0][0].c_str();
}

TEST(SearchPath, SameRowsUnderAHostileOne) {
  auto connection = connect();
  std::vector<Rows> plain, hostile, strange;
  {
    pqxx::work transaction(*connection);
    transaction.exec("SET LOCAL search_path = ''");
    plain = run_all(transaction);
  }
  {
    pqxx::work transaction(*connection);
    transaction.exec("SET LOCAL search_path = evil, public, pg_catalog");
    transaction.exec("SET LOCAL DateStyle = 'SQL, DMY'; SET LOCAL IntervalStyle = 'iso_8601'");
    hostile = run_all(transaction);
    EXPECT_EQ(show(transaction, "search_path"), "evil, public, pg_catalog");
    EXPECT_EQ(show(transaction, "DateStyle"), "SQL, DMY");
    EXPECT_EQ(show(transaction, "IntervalStyle"), "iso_8601");
  }
  {
    pqxx::work transaction(*connection);
    transaction.exec("SET LOCAL search_path = \"Odd \"\"Schema\", \"$user\", public");
    strange = run_all(transaction);
    EXPECT_EQ(show(transaction, "search_path"), "\"Odd \"\"Schema\", \"$user\", public");
  }
  ASSERT_EQ(plain.size(), query_count);
  for (std::size_t i = 0; i < query_count; ++i) {
    EXPECT_EQ(plain[i], hostile[i]) << "query " << i;
    EXPECT_EQ(plain[i], strange[i]) << "query " << i;
  }
  EXPECT_GT(plain[static_cast<std::size_t>(Query::texts)].size(), 5u);
}

// What COMMIT, ROLLBACK and ROLLBACK TO leave is what they leave without the query.
TEST(SearchPath, SettingOutlivesTheQueryAsBefore) {
  struct Case {
    std::vector<const char*> before, after;
  };
  const Case cases[] = {
      {{"BEGIN"}, {"COMMIT"}},
      {{"SET search_path = a", "BEGIN"}, {"ROLLBACK"}},
      {{"SET search_path = a", "BEGIN", "SET search_path = b"}, {"COMMIT"}},
      {{"SET search_path = a", "BEGIN", "SET search_path = b"}, {"ROLLBACK"}},
      {{"SET search_path = a", "BEGIN", "SET LOCAL search_path = b"}, {"COMMIT"}},
      {{"BEGIN", "SET search_path = b", "SET LOCAL search_path = c"}, {"COMMIT"}},
      {{"BEGIN", "SAVEPOINT s", "SET search_path = b"}, {"RELEASE s", "COMMIT"}},
      {{"BEGIN", "SET search_path = b", "SAVEPOINT s", "SET LOCAL search_path = c"},
       {"ROLLBACK TO s", "COMMIT"}},
      {{"BEGIN", "SET LOCAL search_path = b", "SAVEPOINT s"}, {"RELEASE s", "SET search_path = d", "COMMIT"}},
  };
  const std::string query(query_text(Query::texts));
  for (const Case& c : cases) {
    std::vector<std::string> seen[2];
    for (bool with_query : {false, true}) {
      auto connection = connect();
      pqxx::nontransaction session(*connection);
      for (const char* statement : c.before) session.exec(statement);
      if (with_query) {
        EXPECT_GT(session.exec(query).size(), 0u);
      }
      seen[with_query].push_back(show(session, "search_path"));
      for (const char* statement : c.after) {
        session.exec(statement);
        seen[with_query].push_back(show(session, "search_path"));
      }
    }
    EXPECT_EQ(seen[0], seen[1]) << c.before.back() << " … " << c.after.front();
  }
}

// No view and no SQL-standard body: no row comes out, and the setting is back all the same.
TEST(SearchPath, RestoredWithoutAnyRow) {
  auto connection = connect("postgres");
  pqxx::nontransaction session(*connection);
  session.exec("SET search_path = a");
  session.exec("BEGIN");
  EXPECT_EQ(session.exec(std::string(query_text(Query::texts))).size(), 0u);
  EXPECT_EQ(show(session, "search_path"), "a");
  session.exec("COMMIT");
  EXPECT_EQ(show(session, "search_path"), "a");
}

TEST(Temporary, OwnObjectsOnly) {
  auto own = connect(), other = connect();
  pqxx::nontransaction mine(*own), theirs(*other);
  theirs.exec("CREATE TEMP TABLE secret (a int)");
  theirs.exec("CREATE TEMP VIEW secret_view AS SELECT * FROM secret");
  theirs.exec("CREATE FUNCTION pg_temp.secret_function() RETURNS int LANGUAGE sql AS 'SELECT 1'");
  mine.exec("BEGIN");
  mine.exec("CREATE TEMP TABLE mine (a int)");
  mine.exec("CREATE TEMP VIEW mine_view AS SELECT * FROM mine");
  SnapshotBuilder builder;
  std::vector<std::optional<std::string_view>> fields;
  for (std::size_t i = 0; i < query_count; ++i) {
    pqxx::result rows = mine.exec(std::string(catalog_queries()[i]));
    for (const auto& row : rows) {
      fields.clear();
      for (const auto& field : row) {
        fields.push_back(field.is_null() ? std::nullopt : std::optional<std::string_view>(field.c_str()));
      }
      ASSERT_TRUE(builder.row(i, fields)) << "query " << i;
    }
  }
  parser::SnapshotPtr snapshot = builder.finish(1);
  ASSERT_NE(snapshot, nullptr);
  int seen = 0;
  for (const auto& [oid, relation] : snapshot->relations) {
    EXPECT_NE(relation.name, "secret");
    EXPECT_NE(relation.name, "secret_view");
    seen += relation.persistence == 't';
    EXPECT_FALSE(relation.name == "mine_view" && relation.view_definition.empty());
  }
  EXPECT_EQ(seen, 2);
  EXPECT_TRUE(snapshot->functions_named("secret_function").empty());
  parser::SnapshotPtr shared = load();
  for (const auto& [oid, relation] : shared->relations) EXPECT_NE(relation.persistence, 't');
}

}  // namespace
}  // namespace pgconsent::catalog
