// The fixture as the loader sees it.
#include "proxy/catalog/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parser/reach/function_reach.h"
#include "tests/unit/catalog/server.h"

namespace pgconsent::catalog {
namespace {

using parser::Oid;
using parser::RelationKind;
using parser::RelationReach;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class Loader : public testing::Test {
 protected:
  static void SetUpTestSuite() { snapshot = load(); }
  static const parser::Relation& relation(const std::string& name, const std::string& schema = "public") {
    const parser::Relation* found = snapshot->relation(schema, name);
    if (found == nullptr) throw std::runtime_error("no " + schema + "." + name);
    return *found;
  }
  static const parser::Function& function(const std::string& name) {
    const auto& found = snapshot->functions_named(name);
    if (found.size() != 1) throw std::runtime_error("no single " + name);
    return *found[0];
  }
  static std::string type_of(const std::string& column) { return relation("users").column(column)->type_sql; }

  static inline parser::SnapshotPtr snapshot;
};

TEST_F(Loader, Relations) {
  EXPECT_EQ(snapshot->database, "rich");
  EXPECT_NE(snapshot->database_oid, 0u);
  EXPECT_TRUE(snapshot->has_schema("Odd \"Schema"));
  EXPECT_FALSE(snapshot->has_schema("pg_toast"));
  EXPECT_EQ(relation("users").owner, "postgres");
  EXPECT_EQ(relation("mv").kind, RelationKind::materialized_view);
  EXPECT_EQ(relation("counter").kind, RelationKind::sequence);
  EXPECT_EQ(relation("counter").columns.size(), 3u);
  EXPECT_EQ(relation("remote").kind, RelationKind::foreign_table);
  EXPECT_EQ(relation("scratch").persistence, 'u');
  EXPECT_EQ(relation("users_pkey").kind, RelationKind::index);
  EXPECT_EQ(relation("events_pkey").kind, RelationKind::partitioned_index);
  EXPECT_EQ(relation("Pair", "Odd \"Schema").kind, RelationKind::composite_type);
  ASSERT_EQ(relation("pairs").named_types.size(), 1u);
  EXPECT_EQ(snapshot->types.at(relation("pairs").named_types[0]).name, "Pair");
  EXPECT_TRUE(relation("orders").row_security);
  EXPECT_TRUE(relation("people").has_rules);
  EXPECT_FALSE(relation("v_users").has_rules);
  EXPECT_NE(relation("pg_class", "pg_catalog").column("relname"), nullptr);
  EXPECT_NE(relation("columns", "information_schema").column("column_name"), nullptr);
  EXPECT_EQ(relation("columns", "information_schema").view_definition, "");
  EXPECT_THAT(snapshot->roles.at("clerk").member_of, ElementsAre("staff"));
  EXPECT_TRUE(snapshot->roles.at("postgres").superuser);
}

TEST_F(Loader, ColumnsAndTypes) {
  const parser::Relation& users = relation("users");
  EXPECT_EQ(users.column("gone"), nullptr);
  EXPECT_EQ(users.column(1)->name, "id");
  EXPECT_TRUE(users.column("email")->not_null);
  EXPECT_TRUE(users.column("lower_email")->generated);
  EXPECT_FALSE(users.column("email")->generated);
  EXPECT_THAT(users.column("lower_email")->generated_from, ElementsAre(users.column("email")->attnum));
  EXPECT_THAT(users.column("email")->generated_from, IsEmpty());
  EXPECT_TRUE(users.column("lower_email")->generated_by_built_ins);
  EXPECT_FALSE(relation("taxed").column("b")->generated_by_built_ins);
  EXPECT_EQ(users.column("email")->type_category, 'S');
  EXPECT_EQ(users.column("loose")->collation_sql, "\"Odd \"\"Schema\".\"loose\"");
  EXPECT_EQ(users.column("posix")->collation_sql, "\"pg_catalog\".\"POSIX\"");
  EXPECT_EQ(users.column("email")->collation_sql, "");
  EXPECT_EQ(type_of("nick"), "\"pg_catalog\".\"varchar\"(50)");
  EXPECT_EQ(type_of("amount"), "\"pg_catalog\".\"numeric\"(10,2)");
  EXPECT_EQ(type_of("lasted"), "interval day to second(3)");
  EXPECT_EQ(type_of("seen"), "\"pg_catalog\".\"timestamptz\"(3)");
  EXPECT_EQ(type_of("pair"), "\"Odd \"\"Schema\".\"Pair\"");
}

// Every type text is what it stands for, under any search path, and groups where it says so.
TEST_F(Loader, TypesAsTheServerUnderstandsThem) {
  auto connection = connect();
  pqxx::work transaction(*connection);
  transaction.exec("SET LOCAL search_path = evil, pg_catalog");
  int groupable = 0;
  for (const auto& [oid, relation] : snapshot->relations) {
    if (relation.kind != RelationKind::table) continue;
    for (const parser::Column& column : relation.columns) {
      // anyarray, pg_statistic[]: no other table can have them.
      if (column.type_category == 'P' || column.name == "stxdexpr") continue;
      std::string value = "NULL::" + column.type_sql;
      if (!column.collation_sql.empty()) value += " COLLATE " + column.collation_sql;
      transaction.exec("CREATE TEMP TABLE probe AS SELECT " + value + " AS c");
      pqxx::result same = transaction.exec(
          "SELECT a.atttypid, a.atttypmod, a.attcollation OPERATOR(pg_catalog.=) b.attcollation FROM "
          "pg_catalog.pg_attribute a, pg_catalog.pg_attribute b WHERE a.attrelid OPERATOR(pg_catalog.=) "
          "'pg_temp.probe'::pg_catalog.regclass AND a.attnum OPERATOR(pg_catalog.=) 1 AND b.attrelid "
          "OPERATOR(pg_catalog.=) '" +
          std::to_string(oid) + "'::pg_catalog.oid AND b.attnum OPERATOR(pg_catalog.=) " +
          std::to_string(column.attnum));
      std::string label = relation.name + "." + column.name + ": " + value;
      ASSERT_EQ(same.size(), 1u) << label;
      EXPECT_EQ(same[0][0].as<Oid>(), column.type) << label;
      EXPECT_EQ(same[0][1].as<int>(), column.typmod) << label;
      EXPECT_TRUE(same[0][2].as<bool>()) << label;
      bool groups = true;
      try {
        pqxx::subtransaction attempt(transaction);
        attempt.exec("SELECT 1 FROM pg_temp.probe GROUP BY c");
        attempt.commit();
      } catch (const pqxx::sql_error&) {
        groups = false;
      }
      EXPECT_TRUE(groups || !column.has_equality) << label;
      EXPECT_EQ(column.can_be_grouped, groups) << label;
      groupable += groups;
      transaction.exec("DROP TABLE pg_temp.probe");
    }
  }
  EXPECT_GT(groupable, 100);
  EXPECT_FALSE(relation("users").column("doc")->has_equality);
  EXPECT_FALSE(relation("users").column("docs")->has_equality);
  EXPECT_FALSE(relation("users").column("dc")->has_equality);
  EXPECT_FALSE(relation("users").column("place")->has_equality);
  EXPECT_TRUE(relation("users").column("ms")->has_equality);
}

TEST_F(Loader, Keys) {
  std::vector<std::vector<parser::AttrNumber>> keys;
  const parser::Relation& users = relation("users");
  for (const parser::UniqueKey& key : users.unique_keys) keys.push_back(key.attnums);
  auto attnum = [&](const char* name) { return users.column(name)->attnum; };
  EXPECT_THAT(keys, testing::UnorderedElementsAre(ElementsAre(1), ElementsAre(attnum("email")),
                                                  ElementsAre(attnum("u")), ElementsAre(attnum("nick"))))
      << "not the deferrable, the partial, the expression one, nor that of a finer collation";
  for (const parser::UniqueKey& key : users.unique_keys) {
    EXPECT_EQ(key.primary, key.attnums[0] == 1);
    EXPECT_EQ(key.nulls_not_distinct, key.attnums[0] == attnum("u"));
  }
  const parser::ForeignKey& simple = relation("orders").foreign_keys.at(0);
  EXPECT_EQ(simple.target, users.oid);
  EXPECT_EQ(simple.on_update, 'c');
  EXPECT_EQ(simple.on_delete, 'n');
  EXPECT_TRUE(simple.enforced);
  EXPECT_FALSE(simple.deferrable);
  const parser::ForeignKey& pair = relation("items").foreign_keys.at(0);
  EXPECT_THAT(pair.attnums, ElementsAre(2, 1));
  EXPECT_TRUE(pair.deferrable);
  EXPECT_THAT(pair.target_attnums, ElementsAre(2, 1));
  EXPECT_THAT(relation("events").children, ElementsAre(relation("events_2020").oid));
  EXPECT_THAT(relation("events_2020").parents, ElementsAre(relation("events").oid));
  EXPECT_TRUE(relation("events_2020").is_partition);
  EXPECT_THAT(relation("employees").parents, ElementsAre(relation("people").oid));
  EXPECT_FALSE(relation("employees").is_partition);
}

TEST_F(Loader, ViewsAndDependencies) {
  const parser::Relation& view = relation("v_users");
  EXPECT_THAT(view.view_definition, testing::HasSubstr("FROM public.users u"));
  EXPECT_THAT(view.view_definition, testing::HasSubstr("'2020-02-01'::date"));
  EXPECT_THAT(view.view_definition, Not(testing::EndsWith(";")));
  EXPECT_THAT(view.depends_on, Contains(relation("users").oid));
  EXPECT_THAT(view.depends_on, Not(Contains(view.oid)));
  EXPECT_TRUE(relation("v_secure").security_barrier);
  EXPECT_FALSE(relation("v_secure").security_invoker);
  EXPECT_TRUE(relation("v_invoker").security_invoker);
  EXPECT_FALSE(relation("v_invoker").security_barrier);
  EXPECT_THAT(relation("V", "Odd \"Schema").depends_on, Contains(view.oid));
  EXPECT_THAT(relation("v_function").depends_on, Contains(function("peek").oid));
  EXPECT_THAT(relation("v_stats").depends_on, Contains(relation("pg_stats", "pg_catalog").oid));
  EXPECT_THAT(relation("v_xml").depends_on, Contains(function("query_to_xml").oid))
      << "pg_depend does not say";
  EXPECT_THAT(relation("mv").depends_on, Contains(relation("users").oid));
  EXPECT_THAT(relation("people").depends_on, Contains(relation("users").oid));
  EXPECT_THAT(relation("orders").trigger_functions, ElementsAre(function("on_order").oid));
  EXPECT_EQ(relation("orders").trigger_arguments, "fx\nhoök\n\n1p0\n");
  EXPECT_THAT(relation("orders").row_changing_functions, IsEmpty()) << "BEFORE INSERT";
  EXPECT_THAT(relation("items").trigger_functions, ElementsAre(function("on_order").oid)) << "disabled";
  EXPECT_THAT(relation("defaults").implicit_functions,
              testing::AllOf(Contains(function("query_to_xml").oid), Contains(function("checked").oid),
                             Contains(function("tax").oid)));
}

TEST_F(Loader, Functions) {
  EXPECT_EQ(function("tax").identity, "public.tax(numeric)");
  EXPECT_TRUE(function("tax").leakproof);
  EXPECT_EQ(function("tax").volatility, 'i');
  const parser::Function& peek = function("peek");
  EXPECT_EQ(peek.identity,
            "public.peek(integer, public.mood[], \"Odd \"\"Schema\".\"Pair\", timestamp with time zone)");
  EXPECT_EQ(peek.language, "plpgsql");
  EXPECT_TRUE(peek.security_definer);
  EXPECT_THAT(peek.settings, ElementsAre("search_path=public", "work_mem=1MB"));
  EXPECT_THAT(peek.body, testing::HasSubstr("FROM users"));
  EXPECT_THAT(function("atomic").depends_on,
              testing::AllOf(Contains(relation("users").oid), Contains(function("nextval").oid)));
  EXPECT_THAT(function("atomic").body, testing::HasSubstr("FROM public.users"));
  EXPECT_EQ(function("Fn").identity, "\"Odd \"\"Schema\".\"Fn\"()");
  EXPECT_EQ(function("proc").kind, 'p');
  EXPECT_EQ(function("sum_tax").kind, 'a');
  EXPECT_THAT(function("sum_tax").depends_on, ElementsAre(function("add_tax").oid));
  EXPECT_EQ(function("similarity").extension, "pg_trgm");
  EXPECT_EQ(function("query_to_xml").identity, "pg_catalog.query_to_xml(text, boolean, boolean, text)");
  EXPECT_EQ(function("query_to_xml").body, "");
  const Oid mood = function("like_mood").argument_types[0];
  EXPECT_EQ(snapshot->types.at(mood).name, "mood");
  EXPECT_EQ(snapshot->casts.size(), 0u + std::count_if(snapshot->casts.begin(), snapshot->casts.end(),
                                                       [](auto& c) { return c.function >= 16384; }));
  auto op = std::find_if(snapshot->operators.begin(), snapshot->operators.end(),
                         [](auto& o) { return o.name == "=~"; });
  ASSERT_NE(op, snapshot->operators.end());
  EXPECT_EQ(op->function, function("like_mood").oid);
  EXPECT_EQ(op->left_type, mood);
  EXPECT_EQ(op->restrict_estimator, function("eqsel").oid);
}

// The built-in functions of this very server against the list made by hand.
TEST_F(Loader, ReachOverTheRealCatalog) {
  parser::ReachOptions options;
  options.protected_relations = {relation("users").oid};
  parser::FunctionReach reach(snapshot, options);
  int denied = 0;
  for (const auto& [oid, f] : snapshot->functions) denied += oid < 16384 && reach.is_dangerous(oid);
  EXPECT_EQ(denied, 166);
  auto of = [&](const std::string& name, const std::string& schema = "public") {
    return reach.reaches_protected(relation(name, schema).oid);
  };
  EXPECT_EQ(of("users"), RelationReach::protected_itself);
  EXPECT_EQ(of("orders"), RelationReach::none);
  EXPECT_EQ(of("v_users"), RelationReach::view);
  EXPECT_EQ(of("V", "Odd \"Schema"), RelationReach::view);
  EXPECT_EQ(of("v_invoker"), RelationReach::none);
  EXPECT_EQ(of("v_pure"), RelationReach::none);
  EXPECT_EQ(of("v_function"), RelationReach::opaque);
  EXPECT_EQ(of("v_xml"), RelationReach::opaque);
  EXPECT_EQ(of("v_stats"), RelationReach::view);
  EXPECT_EQ(of("pg_stats", "pg_catalog"), RelationReach::denied_catalog);
  EXPECT_EQ(of("pg_stat_activity", "pg_catalog"), RelationReach::blank_columns);
  EXPECT_EQ(of("pg_class", "pg_catalog"), RelationReach::none);
  EXPECT_EQ(of("columns", "information_schema"), RelationReach::none);
  EXPECT_EQ(of("mv"), RelationReach::opaque);
  EXPECT_EQ(of("people"), RelationReach::opaque) << "its rule reads users";
  EXPECT_EQ(of("remote"), RelationReach::opaque);
  EXPECT_TRUE(reach.is_dangerous(function("peek").oid));
  EXPECT_TRUE(reach.is_dangerous(function("atomic").oid));
  EXPECT_FALSE(reach.is_dangerous(function("tax").oid));
  EXPECT_FALSE(reach.is_dangerous(function("sum_tax").oid));
  EXPECT_FALSE(reach.is_dangerous(function("similarity").oid));
  EXPECT_TRUE(reach.is_dangerous(function("normal_rand").oid)) << "of tablefunc";
  EXPECT_TRUE(reach.write_is_dangerous(relation("defaults").oid));
  EXPECT_FALSE(reach.write_is_dangerous(relation("orders").oid));
  for (const auto& [oid, type] : snapshot->types) EXPECT_FALSE(reach.type_is_dangerous(oid)) << type.name;
  for (const parser::Cast& cast : snapshot->casts) {
    EXPECT_FALSE(reach.cast_is_dangerous(cast.source, cast.target)) << reach.reason(cast.function);
  }
}

TEST(Builder, RefusesRowsOfAnotherShape) {
  using Fields = std::vector<std::optional<std::string_view>>;
  SnapshotBuilder builder;
  EXPECT_TRUE(builder.row(0, Fields{"5", "app"}));
  EXPECT_FALSE(builder.row(0, Fields{"5"}));
  EXPECT_FALSE(builder.row(0, Fields{"5", "app", "more"}));
  EXPECT_FALSE(builder.row(0, Fields{"five", "app"}));
  EXPECT_FALSE(builder.row(0, Fields{std::nullopt, "app"}));
  EXPECT_FALSE(builder.row(0, Fields{"-1", "app"}));
  EXPECT_FALSE(builder.row(0, Fields{}));
  EXPECT_FALSE(builder.row(1000, Fields{"5", "app"}));
  EXPECT_EQ(SnapshotBuilder().finish(1), nullptr) << "nothing was loaded";
}

}  // namespace
}  // namespace pgconsent::catalog
