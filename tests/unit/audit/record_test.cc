#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "proxy/audit/json_text.h"
#include "proxy/audit/record_json.h"

namespace pgconsent::audit {
namespace {

TEST(Record, HasTheFieldsOfTheDesignInOrder) {
  std::vector<std::string> rules{"public.users.email"}, basis{"contact: consent"}, tables{"public.users"},
      columns{"public.users.email"};
  Record record;
  record.session = 7;
  record.client = "127.0.0.1:5000";
  record.role = "crm_app";
  record.application = "psql";
  record.database = "app";
  record.purpose = "marketing";
  record.purpose_source = "comment";
  record.decision = "masked";
  record.rules = &rules;
  record.basis = &basis;
  record.tables = &tables;
  record.columns = &columns;
  record.fingerprint = "0123456789abcdef";
  record.statement = "SELECT $1";
  record.catalog_version = 2;
  record.rules_version = "1a2b";
  record.duration_us = 55;
  std::string out;
  append_record(out, record, "2026-11-23T17:17:52.000012Z", 9, "ab");
  EXPECT_EQ(
      out,
      R"({"time":"2026-11-23T17:17:52.000012Z","id":9,"prev":"ab","session":7,"client":"127.0.0.1:5000",)"
      R"("database":"app","role":"crm_app","application":"psql","purpose":"marketing","purpose_source":"comment","decision":"masked",)"
      R"("reason":"","rules":["public.users.email"],"basis":["contact: consent"],"tables":["public.users"],)"
      R"("columns":["public.users.email"],"fingerprint":"0123456789abcdef","statement":"SELECT $1",)"
      R"("catalog":2,"rules_version":"1a2b","duration_us":55})");
}

TEST(Record, CutsLongStatements) {
  Record record;
  std::string statement(max_statement_bytes - 1, 'x');
  statement += "äääää";
  record.statement = statement;
  std::string out;
  append_record(out, record, "t", 1, "");
  auto json = nlohmann::json::parse(out);
  EXPECT_EQ(json["statement"].get<std::string>(), std::string(max_statement_bytes - 1, 'x') + "…");
}

TEST(Outcome, HasWhatIsKnown) {
  Outcome outcome;
  outcome.session = 7;
  outcome.outcome_of = 9;
  std::string out;
  append_outcome(out, outcome, "2026-11-23T17:17:52.000012Z", 12, "ab");
  EXPECT_EQ(out, R"({"time":"2026-11-23T17:17:52.000012Z","id":12,"prev":"ab","session":7,"outcome_of":9})");

  const Outcome::Subjects subjects[] = {{"customer", "abcd"}, {"employee", ""}};
  const std::string unknown[] = {"customer"};
  outcome.rows = 3;
  outcome.cells_masked = 6;
  outcome.sqlstate = "57014";
  outcome.server_us = 800;
  outcome.subjects_known = true;
  outcome.subjects = subjects;
  outcome.subjects_unknown = unknown;
  out.clear();
  append_outcome(out, outcome, "t", 12, "ab");
  EXPECT_EQ(out, R"({"time":"t","id":12,"prev":"ab","session":7,"outcome_of":9,"rows":3,"cells_masked":6,)"
                 R"("sqlstate":"57014","server_us":800,"subjects":{"customer":"YWJjZA==","employee":""},)"
                 R"("subjects_unknown":["customer"]})");
}

TEST(Base64, IsThatOfTheStandard) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"},
                                                                   {"\xff\xfe\xfd", "//79"}};
  for (const auto& [bytes, text] : vectors) {
    std::string out = "x";
    append_base64(out, bytes);
    EXPECT_EQ(out, "x" + std::string(text));
  }
}

TEST(Timestamps, AreUtcWithMicroseconds) {
  using namespace std::chrono;
  Timestamps timestamps;
  EXPECT_EQ(timestamps.format(system_clock::time_point(microseconds(1'000'000'000'000'007))),
            "2001-09-09T01:46:40.000007Z");
  EXPECT_EQ(timestamps.format(system_clock::time_point(microseconds(1'000'000'000'999'999))),
            "2001-09-09T01:46:40.999999Z");
  EXPECT_EQ(timestamps.format(system_clock::time_point(microseconds(1'000'000'001'000'000))),
            "2001-09-09T01:46:41.000000Z");
}

std::string json(std::string_view text) {
  std::string out;
  append_json(out, text);
  return out;
}

TEST(JsonText, EscapesWhatJsonNeeds) {
  EXPECT_EQ(json("a\"b\\c\n\t\r\x01\x7f"), R"("a\"b\\c\n\t\r\u0001\u007f")");
  EXPECT_EQ(json("żółw 🐢"), "\"żółw 🐢\"");
  EXPECT_EQ(json(""), "\"\"");
}

TEST(JsonText, MakesInvalidUtf8Visible) {
  EXPECT_EQ(json("K\xf6ln"), R"("K\\xf6ln")");
  EXPECT_EQ(json("\xc0\xaf"), R"("\\xc0\\xaf")");           // overlong
  EXPECT_EQ(json("\xed\xa0\x80"), R"("\\xed\\xa0\\x80")");  // surrogate
  EXPECT_EQ(json("\xe2\x82"), R"("\\xe2\\x82")");           // cut short
}

TEST(JsonText, IsValidJsonForAnyBytes) {
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      char text[] = {static_cast<char>(a), static_cast<char>(b), 'x'};
      ASSERT_TRUE(nlohmann::json::accept(json({text, 3}))) << a << " " << b;
    }
  }
}

}  // namespace
}  // namespace pgconsent::audit
