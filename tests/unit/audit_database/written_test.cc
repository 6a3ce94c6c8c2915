#include "proxy/audit_database/written.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgconsent::audit_database {
namespace {

using ::testing::HasSubstr;

Entry entry() {
  Entry out;
  out.time = "2026-01-31T12:00:00.250000Z";
  out.id = 4;
  out.client = "[::1]:5";
  out.shape.role = "a=b|c\\d";
  out.shape.decision = "refused";
  out.shape.reason = "two\nlines";
  out.shape.statement = "<script>alert(1)</script>";
  return out;
}

TEST(Csv, QuotesAndGuardsAgainstFormulas) {
  EXPECT_EQ(csv_field("plain"), "plain");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
  for (const char* formula : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1"})
    EXPECT_EQ(csv_field(formula)[0], '\'') << formula;
  EXPECT_EQ(csv_field("=HYPERLINK(\"x\",1)"), "\"'=HYPERLINK(\"\"x\"\",1)\"");
  EXPECT_EQ(csv_field("\r=1"), "\"'\r=1\"");
  EXPECT_EQ(csv_field("  =1"), "\"'  =1\"");
}

TEST(Cef, Escapes) {
  const std::string line = to_cef(entry(), "1|2");
  EXPECT_THAT(
      line,
      HasSubstr("CEF:0|pgconsent|pgconsent|1\\|2|refused|statement refused|6|rt=1769860800250 externalId=4"));
  EXPECT_THAT(line, HasSubstr(" suser=a\\=b|c\\\\d "));
  EXPECT_THAT(line, HasSubstr(" reason=two\\nlines "));
  EXPECT_THAT(line, HasSubstr(" c6a2=::1 "));
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(Cef, LongStatementsAreCutBetweenCharacters) {
  Entry long_one = entry();
  long_one.shape.statement = "x";
  for (int i = 0; i < 3000; ++i) long_one.shape.statement += "ü";
  const std::string line = to_cef(long_one, "1");
  EXPECT_TRUE(line.ends_with("ü…") && line.size() < 4400) << line.size();
}

TEST(Json, IsOneLineAndLeavesOutWhatIsNotKnown) {
  Entry one = entry();
  EXPECT_EQ(to_json(one).find('\n'), std::string::npos);
  EXPECT_EQ(to_json(one).find("outcome"), std::string::npos);
  one.outcome.emplace().rows = 3;
  EXPECT_THAT(to_json(one), HasSubstr("\"rows\":3"));
  EXPECT_EQ(to_json(one).find("subjects"), std::string::npos);
}

TEST(Printable, HasNoControlCharacters) {
  EXPECT_EQ(printable("a\x1b[31mb\nc\x7f"), "a\\x1b[31mb c\\x7f");
}

}  // namespace
}  // namespace pgconsent::audit_database
