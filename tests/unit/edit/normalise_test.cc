#include "parser/edit/normalise.h"

#include <gtest/gtest.h>

namespace pgconsent::parser {
namespace {

std::string normalised(const std::string& text, std::int32_t start = 0) {
  return normalise(text, TokenIndex(text), start, static_cast<std::int32_t>(text.size()),
                   [](std::string_view name) { return name == "Known"; });
}

TEST(Normalise, ConstantsBecomeParametersBehindThoseThatAreThere) {
  EXPECT_EQ(normalised("SELECT a FROM t WHERE b = 7 AND c = 'x'"), "SELECT a FROM t WHERE b = $1 AND c = $2");
  EXPECT_EQ(normalised("SELECT $2, 'x', $1, 1.5"), "SELECT $2, $3, $1, $4");
  EXPECT_EQ(normalised("SELECT data ? 'key', E'\\n', $$x$$, B'1'"), "SELECT data ? $1, $2, $3, $4");
}

TEST(Normalise, NothingOfAConstantStaysWhateverItsForm) {
  for (const std::string constant : {"'raw'",
                                     "''",
                                     "E'raw\\'raw'",
                                     "e'raw' \n 'raw'",
                                     "'raw'\n'raw'",
                                     "'raw' \n \t 'raw'",
                                     "B'1010'",
                                     "b'10' \n '01'",
                                     "X'1f'",
                                     "x'1f' \n '2e'",
                                     "U&'raw\\0061'",
                                     "u&'raw' \n 'raw'",
                                     "$$raw$$",
                                     "$r$raw$$raw$r$",
                                     "4711",
                                     "47.11",
                                     ".4711",
                                     "47.",
                                     "4e11",
                                     "4.7E-11",
                                     "99999999999999999999"}) {
    EXPECT_EQ(normalised("SELECT " + constant), "SELECT $1") << constant;
    EXPECT_EQ(normalised("SELECT " + constant + ",b"), "SELECT $1,b") << constant;
    EXPECT_EQ(normalised("SELECT " + constant + "/* raw */FROM t"), "SELECT $1 FROM t") << constant;
  }
  EXPECT_EQ(normalised("SELECT U&'d!0061' UESCAPE '!'"), "SELECT $1 UESCAPE $2");
}

TEST(Normalise, NationalCharacters) {
  for (const std::string constant : {"'raw'", "''", "'r'", "'raw''raw'", "'raw' \n 'raw'"}) {
    EXPECT_EQ(normalised("SELECT N" + constant), "SELECT N $1") << constant;
    EXPECT_EQ(normalised("SELECT n" + constant + ",b"), "SELECT n $1,b") << constant;
    EXPECT_EQ(normalised("SELECT NCHAR" + constant), "SELECT NCHAR $1") << constant;
    EXPECT_EQ(normalised("SELECT nchar " + constant), "SELECT nchar $1") << constant;
  }
}

TEST(Normalise, ValuesOfSettings) {
  EXPECT_EQ(normalised("SET pgconsent.purpose TO raw"), "SET pgconsent.purpose TO $1");
  EXPECT_EQ(normalised("SET LOCAL search_path = raw, \"Known\", 'raw'"),
            "SET LOCAL search_path = $1, $2, $3");
  EXPECT_EQ(normalised("ALTER ROLE a SET b TO raw"), "ALTER ROLE a SET b TO $1");
  EXPECT_EQ(normalised("SET jit TO DEFAULT"), "SET jit TO DEFAULT");
  EXPECT_EQ(normalised("UPDATE t SET a = b WHERE c = d"), "UPDATE t SET a = b WHERE c = d");
  EXPECT_EQ(normalised("ALTER TABLE t ALTER a SET DEFAULT b"), "ALTER TABLE t ALTER a SET DEFAULT b");
}

TEST(Normalise, OfOneStatementOfMany) {
  EXPECT_EQ(normalised("SELECT $5; SELECT 1, $2", 10), "SELECT $3, $2");
}

TEST(Normalise, WordsStayApart) {
  EXPECT_EQ(normalised("SELECT'x'FROM t WHERE a='y'AND\"Known\"=1"),
            "SELECT $1 FROM t WHERE a=$2 AND \"Known\"=$3");
  EXPECT_EQ(normalised("SELECT  /* it's */ 1 -- one\n, 2"), "SELECT $1 , $2");
}

TEST(Normalise, QuotedNamesStayWhenTheyAreKnown) {
  EXPECT_EQ(normalised("SELECT \"Known\", \"a@example.com\", U&\"Known\""), "SELECT \"Known\", \"?\", \"?\"");
}

TEST(Normalise, AgainIsTheSame) {
  for (const char* text :
       {"SELECT a, 'x' FROM t WHERE b IN (1,2,3) OR c::jsonb ? 'k'", "INSERT INTO t VALUES($1,'a',2e5)",
        "SELECT interval '1 day', date'2020-01-01', \"mail@example.com\"FROM t"}) {
    const std::string once = normalised(text);
    EXPECT_EQ(normalised(once), once);
    EXPECT_EQ(once.find('\''), std::string::npos) << once;
  }
}

}  // namespace
}  // namespace pgconsent::parser
