// Whose data a statement's rows show, and where that can be read.
#include <gtest/gtest.h>

#include "proxy/enforce/plan_builder.h"
#include "tests/support/shop_catalog.h"

namespace pgconsent {
namespace {

using enforce::Disclosure;

// "customer: column 0, unless 1 is NULL; others: customer; masked: 2"
std::string text_of(const Disclosure& disclosure) {
  std::string out;
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : "; ") + text; };
  for (const Disclosure::Entry& entry : disclosure.entries) {
    std::string subjects;
    for (const Disclosure::Subject& subject : entry.subjects) {
      subjects += (subjects.empty() ? "" : " and ") + disclosure.kinds[subject.kind];
      switch (subject.from) {
        case Disclosure::From::column:
          subjects += " column " + std::to_string(subject.index);
          break;
        case Disclosure::From::parameter:
          subjects += " $" + std::to_string(subject.index);
          break;
        case Disclosure::From::constant:
          subjects += " = " + disclosure.constants[subject.index];
          break;
        case Disclosure::From::nowhere:
          subjects += "?";
          break;
      }
    }
    for (std::uint32_t column : entry.nulls) subjects += " unless " + std::to_string(column) + " is NULL";
    add(subjects);
  }
  for (std::uint32_t kind : disclosure.others) add("others: " + disclosure.kinds[kind]);
  if (disclosure.counts_cells) add("masked: " + std::to_string(disclosure.masked_cells));
  if (disclosure.copy == Disclosure::Copy::csv) add(disclosure.copy_header ? "CSV with header" : "CSV");
  if (disclosure.copy == Disclosure::Copy::other) add("unreadable");
  return out;
}

struct Case {
  const char *role, *sql, *shows;
};

TEST(Disclosure, IsWhatThePlanSays) {
  const Case cases[] = {
      {"shop", "SELECT id, email FROM users", "customer column 0 unless 1 is NULL"},
      {"shop", "SELECT u.email, 1, u.id AS x FROM users u", "customer column 2 unless 0 is NULL"},
      {"shop", "SELECT id, full_name FROM users", "customer column 0"},
      {"shop", "SELECT id, email FROM users WHERE full_name = 'x'", "customer column 0"},
      {"shop", "SELECT id, city FROM users", "masked: 0"},
      {"crm", "SELECT id, email FROM users", "customer column 0; masked: 0"},
      {"crm", "SELECT id, address FROM orders WHERE user_id = 7", "customer = 7; masked: 0"},
      {"crm", "SELECT address FROM orders WHERE user_id = $2", "customer $2; masked: 0"},
      {"crm", "SELECT address FROM orders WHERE user_id = '7'::int", "customer = 7; masked: 0"},
      {"crm", "SELECT address FROM orders WHERE id = 7", "others: customer; masked: 0"},
      {"crm", "SELECT count(*) FROM orders WHERE address = 'x'", "others: customer; masked: 0"},
      {"crm", "SELECT u.id, o.address FROM users u JOIN orders o ON o.user_id = u.id",
       "customer column 0; masked: 0"},
      {"crm", "SELECT u.id, o.address FROM users u, orders o WHERE u.id = o.user_id",
       "customer column 0; masked: 0"},
      {"crm", "SELECT u.id, o.address FROM users u LEFT JOIN orders o ON o.user_id = u.id",
       "customer column 0"},
      {"crm", "SELECT u.id, o.address FROM users u RIGHT JOIN orders o ON o.user_id = u.id",
       "others: customer"},
      {"crm", "SELECT a.id, b.email FROM users a, users b", "others: customer; masked: 0"},
      {"crm", "SELECT a.id, b.id, b.email FROM users a, users b", "customer column 1; masked: 0"},
      {"crm", "WITH w AS (SELECT id, email FROM users) SELECT * FROM w", "customer column 0; masked: 0"},
      {"crm", "WITH w AS (SELECT id, email FROM users) SELECT a.id, b.email FROM w a, w b",
       "customer column 0; others: customer; masked: 0"},
      {"crm", "SELECT id, max(email) OVER () FROM users", "customer column 0; others: customer; masked: 0"},
      {"crm", "SELECT id, max(email) FROM users GROUP BY id", "customer column 0; masked: 0"},
      {"crm", "SELECT id, max(email) FROM users GROUP BY GROUPING SETS ((id), ())",
       "customer column 0; others: customer; masked: 0"},
      {"crm", "SELECT id, email FROM users UNION SELECT id, address FROM orders",
       "others: customer; masked: 0"},
      {"shop", "SELECT body, sender_id, recipient_id FROM messages",
       "customer column 1 and customer column 2 unless 0 is NULL"},
      {"shop", "SELECT body, sender_id FROM messages",
       "customer column 1 unless 0 is NULL; others: customer"},
      {"crm", "SELECT iban FROM payments", "others: customer"},
      {"crm", "SELECT mails FROM mails_by_city WHERE city = 'x'", "others: customer; masked: 0"},
      {"crm", "SELECT city FROM mails_by_city", "others: customer; masked: 0"},
      {"crm", "UPDATE users SET city = 'x' WHERE id = 3 RETURNING email", "customer = 3; masked: 0"},
      {"crm", "UPDATE users SET city = 'x' WHERE id = 3", "masked: 0"},
      {"crm", "COPY users (id, email) TO STDOUT", "customer column 0; masked: 0"},
      {"crm", "COPY users (email, id) TO STDOUT (FORMAT csv, HEADER)",
       "customer column 1; masked: 0; CSV with header"},
      {"crm", "COPY (SELECT email, id FROM users) TO STDOUT (DELIMITER ';')",
       "customer column 1; masked: 0; unreadable"},
      {"crm", "CREATE TABLE t AS SELECT email, id FROM users", "others: customer"},
      {"crm", "EXPLAIN SELECT email, id FROM users", "masked: 0"},
      {"dba", "SELECT id, ssn FROM users", "customer column 0; masked: 0"},
      {"dba", "SELECT id, city FROM users", "masked: 0"},
      {"dba", "COPY users TO STDOUT", "customer column 0; masked: 0"},
  };
  const enforce::GenerationPtr generation = test_support::shop_generation();
  for (const Case& one : cases) {
    enforce::DerivedTableCache tables;
    const auto built =
        enforce::build_plan(*generation, test_support::shop_session(one.role), one.sql, true, tables);
    ASSERT_NE(built.plan, nullptr);
    ASSERT_EQ(built.plan->statements.size(), 1u);
    const enforce::Statement& statement = built.plan->statements.front();
    ASSERT_FALSE(statement.refusal) << one.sql << ": " << statement.refusal->message;
    ASSERT_NE(statement.disclosure, nullptr) << one.sql;
    EXPECT_EQ(text_of(*statement.disclosure), one.shows) << one.role << ": " << one.sql;
  }
}

TEST(Disclosure, ExemptRolesAreDescribed) {
  const enforce::GenerationPtr generation = test_support::shop_generation();
  enforce::DerivedTableCache tables;
  const auto built =
      enforce::build_plan(*generation, test_support::shop_session("dba"),
                          "SELECT u.email, u.city FROM users u JOIN products p ON true", true, tables);
  const enforce::AuditFacts& audit = built.plan->statements.front().audit;
  EXPECT_EQ(audit.tables, std::vector<std::string>{"public.users"});
  EXPECT_EQ(audit.columns, std::vector<std::string>{"public.users.email"});
}

TEST(Disclosure, KeysArePrintedAsTheServerWould) {
  constexpr parser::Oid int4 = 23, text = 25, bpchar = 1042, uuid = 2950, numeric = 1700;
  EXPECT_EQ(enforce::printed_key(int4, " +007 "), "7");
  EXPECT_EQ(enforce::printed_key(int4, "7.0"), "");
  EXPECT_EQ(enforce::printed_key(text, " 7 "), " 7 ");
  EXPECT_EQ(enforce::printed_key(bpchar, "7  "), "7");
  EXPECT_EQ(enforce::printed_key(uuid, "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}"),
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
  EXPECT_EQ(enforce::printed_key(uuid, "a0eebc99"), "");
  EXPECT_EQ(enforce::printed_key(numeric, "7"), "");
}

}  // namespace
}  // namespace pgconsent
