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
