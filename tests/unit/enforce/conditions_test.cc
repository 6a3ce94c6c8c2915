// What a condition in the rules may say, and how it is sent.
#include <gtest/gtest.h>

#include "parser/edit/condition.h"
#include "tests/support/shop_catalog.h"

namespace pgconsent {
namespace {

parser::GeneratedCondition generate(std::string_view text) {
  static const parser::SnapshotPtr catalog = test_support::shop_catalog();
  const parser::Relation* orders = catalog->relation("public", "orders");
  const parser::Relation* users = catalog->relation("public", "users");
  return parser::generate_condition(text, {{"", orders, "t"}, {"row", orders, "t"}, {"subject", users, "s0"}},
                                    *catalog);
}

TEST(Conditions, NamesAreQualified) {
  EXPECT_EQ(generate("amount > 5 AND subject.city = 'x'").sql,
            "((t.\"amount\" OPERATOR(pg_catalog.>) 5) AND (s0.\"city\" OPERATOR(pg_catalog.=) 'x'))");
  EXPECT_EQ(generate("row.amount IS NULL").sql, "(t.\"amount\" IS NULL)");
  EXPECT_EQ(generate("pg_catalog.lower(address) = 'x'").sql,
            "(pg_catalog.\"lower\"(t.\"address\") OPERATOR(pg_catalog.=) 'x')");
}

// Whoever makes a type named like one of PostgreSQL's own is not asked.
TEST(Conditions, TypesOfOthersAreNotMeant) {
  parser::Snapshot catalog = *test_support::shop_catalog();
  const auto type = [&](std::string_view condition) {
    catalog.finish();
    const auto made =
        parser::generate_condition(condition, {{"", catalog.relation("public", "orders"), "t"}}, catalog);
    return made.error.empty() ? made.sql : made.error;
  };
  catalog.types[70001] = {70001, "mine", "text", 0, 25, {}};
  EXPECT_EQ(type("address::text = 'x'"),
            "(CAST(t.\"address\" AS \"pg_catalog\".\"text\") OPERATOR(pg_catalog.=) 'x')");
  catalog.types[70002] = {70002, "mine", "label", 0, 25, {}};
  EXPECT_EQ(type("address::label = 'x'"),
            "(CAST(t.\"address\" AS \"mine\".\"label\") OPERATOR(pg_catalog.=) 'x')");
  catalog.types[70003] = {70003, "other", "label", 0, 25, {}};
  EXPECT_EQ(type("address::label = 'x'"), "there are several types `label`: name the schema of one");
  catalog.types[70004] = {70004, "public", "label", 0, 25, {}};
  EXPECT_EQ(type("address::label = 'x'"),
            "(CAST(t.\"address\" AS \"public\".\"label\") OPERATOR(pg_catalog.=) 'x')");
}

// An alias in a subquery can't hide a row of outside: tables get names of their own.
TEST(Conditions, SubqueriesCaptureNothing) {
  const auto made = generate(
      "EXISTS (SELECT 1 FROM public.orders t, public.users s0 WHERE t.user_id = subject.id"
      " AND address = 'x' AND s0.id = row.user_id)");
  EXPECT_EQ(made.error, "");
  EXPECT_EQ(made.sql,
            "EXISTS (SELECT FROM \"public\".\"orders\" w0, \"public\".\"users\" w1 WHERE "
            "((w0.\"user_id\" OPERATOR(pg_catalog.=) s0.\"id\") AND (w0.\"address\" OPERATOR(pg_catalog.=) "
            "'x') AND "
            "(w1.\"id\" OPERATOR(pg_catalog.=) t.\"user_id\")))");
  EXPECT_EQ(made.relations.size(), 2u);
  EXPECT_TRUE(made.used.contains("subject") && made.used.contains("row"));
  EXPECT_EQ(
      generate("(SELECT max(a.id) FROM public.users a JOIN public.orders b ON a.id = b.user_id) > 3").sql,
      "((SELECT pg_catalog.max(w0.\"id\") FROM (\"public\".\"users\" w0 JOIN \"public\".\"orders\" w1 ON "
      "(w0.\"id\" OPERATOR(pg_catalog.=) w1.\"user_id\"))) OPERATOR(pg_catalog.>) 3)");
}

// A session's time zone must not decide.
TEST(Conditions, TimesAreTakenInUtc) {
  EXPECT_EQ(generate("CURRENT_TIMESTAMP > now()").sql,
            "(pg_catalog.timezone('UTC', pg_catalog.statement_timestamp()) OPERATOR(pg_catalog.>) "
            "pg_catalog.timezone('UTC', pg_catalog.statement_timestamp()))");
  EXPECT_EQ(generate("EXISTS (SELECT FROM public.user_consents WHERE given_at > '2024-01-01')").sql,
            "EXISTS (SELECT FROM \"public\".\"user_consents\" w0 WHERE "
            "(pg_catalog.timezone('UTC', w0.\"given_at\") OPERATOR(pg_catalog.>) '2024-01-01'))");
}

// What a constant or a conversion means must not depend on DateStyle, IntervalStyle, TimeZone and the like.
TEST(Conditions, NoSettingDecides) {
  for (const char* text : {"subject.birth_date < '01/04/1952'",
                           "subject.birth_date < CAST('today' AS date) - 5",
                           "subject.birth_date < 'tomorrow'",
                           "subject.birth_date = 'January 8, 1999'",
                           "CAST(subject.birth_date AS text) NOT LIKE '2019%'",
                           "subject.birth_date::varchar = 'x'",
                           "subject.birth_date || '' = 'x'",
                           "CAST(address AS date) < subject.birth_date",
                           "now() > '2024-01-01 10:00+02'",
                           "now() > '2024-01-01 10:00 Europe/Rome'",
                           "now() > CURRENT_TIMESTAMP - interval '-1 day 2 hours'",
                           "CAST('5' AS money) > CAST('4' AS money)",
                           "COALESCE(subject.birth_date, '01/04/1952') < '2000-01-01'",
                           "CASE WHEN true THEN '01/02/2000' ELSE subject.birth_date END < '2000-01-01'",
                           "subject.birth_date IN ('2000-01-01', '01/02/2000')",
                           "subject.birth_date BETWEEN '2000-01-01' AND 'now'",
                           "CAST(CAST(amount AS float8) AS text) = '0.1'",
                           "EXISTS (SELECT FROM public.users u WHERE u.birth_date < '01/04/1952')",
                           "EXISTS (SELECT FROM public.user_consents c WHERE c.given_at > 'yesterday')",
                           "(SELECT max(given_at) FROM public.user_consents) > '1/2/2024'",
                           "CAST('x' AS regclass) IS NULL"}) {
    const auto made = generate(text);
    EXPECT_NE(made.error, "") << text << ": " << made.sql;
    EXPECT_NE(made.hint, "") << text << ": " << made.error;
    EXPECT_EQ(made.sql, "") << text;
  }
  for (const char* text : {"subject.birth_date < '1952-04-01'",
                           "subject.birth_date > CURRENT_TIMESTAMP - interval '18 years'",
                           "CAST('2024-02-29' AS date) = subject.birth_date",
                           "now() > '2024-01-01 10:00:00'",
                           "now() > '2024-01-01T10:00Z'",
                           "subject.birth_date IN ('2000-01-01', 'infinity')",
                           "subject.birth_date + interval '1 year 2 months' < now()",
                           "CAST(amount AS int) > 5",
                           "amount > '5.5'",
                           "CAST(address AS int) < 10",
                           "CAST(id AS text) LIKE '1%'",
                           "address || ' x' = 'y'",
                           "CAST(address AS int) BETWEEN 1 AND '3'",
                           "subject.newsletter",
                           "address LIKE '01/04/19__'",
                           "lower(address) IN ('today', 'now')",
                           "CASE WHEN amount > 1 THEN address ELSE 'x' END = 'today'",
                           "subject.profile->>'since' > '01/04/1952'",
                           "subject.birth_date::timestamp < now()",
                           "(SELECT max(given_at) FROM public.user_consents c) + interval '10 years' > now()",
                           "interval '10' year < now() - subject.birth_date",
                           "COALESCE(subject.birth_date, '2000-01-01') < now()"}) {
    const auto made = generate(text);
    EXPECT_EQ(made.error, "") << text;
    EXPECT_NE(made.sql, "") << text;
  }
}

TEST(Conditions, OthersAreRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"nothing", "does not exist in public.orders"},
      {"users.id = 1", "names no row"},
      {"public.orders.id = 1", "`column` or `name.column`"},
      {"CURRENT_DATE > CURRENT_DATE", "CURRENT_TIMESTAMP"},
      {"public.tax(amount) > 1", "form of a function call"},
      {"tax(amount) > 1", "not a built-in"},
      {"set_config('a', 'b', true) = 'b'", "depends on more"},
      {"current_query() = ''", "depends on more"},
      {"count(*) > 1", "an aggregate"},
      {"max(amount) > 1", "an aggregate"},
      {"amount > '1'::timestamptz", "UTC"},
      {"id IN (SELECT id FROM public.users)", "only EXISTS"},
      {"EXISTS (SELECT FROM users)", "with its schema"},
      {"EXISTS (SELECT FROM public.nothing)", "does not exist"},
      {"EXISTS (SELECT FROM public.users WHERE amount > 1)", "does not exist in the subquery"},
      {"EXISTS (SELECT FROM public.users a, public.users b WHERE city = 'x')", "ambiguous"},
      {"EXISTS (SELECT FROM public.users subject WHERE true)", "is taken"},
      {"EXISTS (SELECT FROM public.users LIMIT 1)", "SELECT … FROM … WHERE …"},
      {"EXISTS (SELECT FROM public.users UNION SELECT FROM public.users)", "SELECT … FROM … WHERE …"},
      {"EXISTS (SELECT FROM public.users NATURAL JOIN public.orders)", "JOIN … ON …"},
      {"EXISTS (SELECT FROM public.users, LATERAL (SELECT 1) x)", "reads tables only"},
      {"(SELECT id, id FROM public.users) > 1", "one column"},
      {"amount OPERATOR(public.>) 1", "built-in operators"},
      {"true; SELECT 1", "syntax error"},
  };
  for (const auto& [text, why] : cases) {
    const auto made = generate(text);
    EXPECT_NE(made.error.find(why), std::string::npos) << text << ": " << made.error << made.sql;
    EXPECT_EQ(made.sql, "") << text;
  }
}

}  // namespace
}  // namespace pgconsent
