// The small lexer of literal shapes against PostgreSQL's own scanner.
#include "parser/edit/literals.h"

#include <gtest/gtest.h>

#include <random>

#include "parser/tree/scanner.h"

namespace pgconsent::parser {
namespace {

std::vector<LiteralKind> kinds(std::string_view text) {
  LiteralShape shape;
  std::vector<LiteralKind> found;
  if (!literal_shape(text, shape)) return found;
  for (const Literal& literal : shape.literals) found.push_back(literal.kind);
  return found;
}

TEST(LiteralShape, ClassifiesNumbersAsTheServerDoes) {
  using enum LiteralKind;
  EXPECT_EQ(kinds("= 2147483647 2147483648 0002147483647"), (std::vector{integer, bigint, integer}));
  EXPECT_EQ(kinds("= 9223372036854775807 9223372036854775808 1.5"), (std::vector{bigint, numeric, numeric}));
  EXPECT_EQ(kinds("= 'x''y'"), (std::vector{string}));
}

TEST(LiteralShape, GivesUpOnEverythingUnusual) {
  LiteralShape shape;
  for (const char* text :
       {"a = E'x'",     "a = U&'x'",   "a = N'x'",   "a = B'1'",     "a = $1",       "a = $$x$$",
        "a = 'x' -- c", "a = /*c*/ 1", "a = 'b\\c'", "\"a\\b\" = 1", "a = 'x'\n'y'", "a = 1e5",
        "a = 1.",       "a = 1..2",    "a = 'x",     "\"a = 1",      "a = 1b",       "\xC3\xA4 = 1",
        "a = 'x'y",     "a",           "",           "U&\"x\" = 1",  "a = \x01i"}) {
    EXPECT_FALSE(literal_shape(text, shape)) << text;
  }
}

TEST(LiteralShape, CutsLikeTheScanner) {
  const std::vector<std::string> pieces = {
      " ",  "a",  "E",  "'",   "''",  "'x'", "\"", "\"q\"", "1",  "25", ".",  "1.5", "2147483648",
      "-",  "--", "/",  "*",   "/*",  "*/",  "$",  "$1",    "(",  ")",  ",",  ";",   "=",
      "<>", "::", "\n", "U&",  "e",   "_",   "\\", "::int", "[",  "]",  "||", "B",   "x",
      "@",  "!",  "?",  "AND", "N",   "0",   "0x", "\t",    "'a", "b'", "^",  "~",   ":=",
      "..", "#",  "%",  "\r",  "'\n", "'\\", "&",  "\f",    "é",  "|",  "'é'"};
  std::mt19937 random(20261123);
  LiteralShape shape;
  int compared = 0;
  for (int i = 0; i < 60000; ++i) {
    std::string text;
    for (unsigned n = 1 + random() % 9; n > 0; --n) text += pieces[random() % pieces.size()];
    if (!literal_shape(text, shape)) continue;
    const auto tokens = scan(text);
    if (!tokens) continue;  // the parser refuses it before any plan is made
    std::vector<std::pair<int, int>> expected, found;
    for (const Token& token : *tokens) {
      // .5 stays in the key, and so does what follows two dots.
      const bool dotted = text[token.start] == '.' || (token.start > 0 && text[token.start - 1] == '.');
      if (token.kind == TokenKind::constant && !dotted) expected.emplace_back(token.start, token.end);
    }
    for (const Literal& literal : shape.literals) found.emplace_back(literal.start, literal.end);
    ASSERT_EQ(found, expected) << text;
    ++compared;
  }
  EXPECT_GT(compared, 3000);
}

bool are_values(const std::string& text) {
  LiteralShape shape;
  RawTree tree;
  SqlError error;
  EXPECT_TRUE(literal_shape(text, shape)) << text;
  EXPECT_TRUE(RawTree::parse(text, tree, error)) << text;
  return literals_are_values(tree, text, shape.literals);
}

TEST(LiteralsAreValues, WhereNoNameCanHangOnThem) {
  for (const char* text :
       {"SELECT a FROM t WHERE b = 1 AND c <> -2 AND d IN ('x', 'y') LIMIT 3",
        "SELECT a FROM t WHERE b BETWEEN 1 AND 2 AND c = '2020-01-01'::date ORDER BY d",
        "INSERT INTO t VALUES (1, 'x'), (2, 'y')", "UPDATE t SET a = 'x', b = b + 1 WHERE id = 5",
        "DELETE FROM t WHERE id = 5", "SELECT city FROM t WHERE a > 5 GROUP BY city",
        "SELECT INTERVAL '1' DAY", "SELECT COALESCE(a, 0), CASE WHEN b = 2 THEN 'x' ELSE c END FROM t"}) {
    EXPECT_TRUE(are_values(text)) << text;
  }
  for (const char* text : {"SELECT a FROM t ORDER BY 1", "SELECT a, count(*) FROM t WHERE b = 1 GROUP BY 1",
                           "SELECT a + 1 FROM t GROUP BY a + 1", "SELECT set_config('a', 'b', true)",
                           "SELECT 't'::regclass", "SELECT a::varchar(10) FROM t", "SET work_mem = '1MB'",
                           "SELECT 1; SELECT 2", "SELECT nextval('s') FROM t WHERE a = 1",
                           "SELECT DISTINCT ON (1) a FROM t", "EXPLAIN SELECT a FROM t WHERE b = 1"}) {
    EXPECT_FALSE(are_values(text)) << text;
  }
}

}  // namespace
}  // namespace pgconsent::parser
