#include "proxy/audit_database/entry.h"

#include <gtest/gtest.h>

namespace pgconsent::audit_database {
namespace {

const std::string record =
    R"("session":7,"client":"127.0.0.1:4","database":"shop","role":"crm","application":"a \"b\",","purpose":"support",)"
    R"("purpose_source":"role","decision":"masked","reason":"","rules":["r"],"basis":["contact: consent"],"tables":["public.t"],)"
    R"("columns":["public.t.c"],"fingerprint":"0f","statement":"SELECT '\",\"catalog\":9,'","catalog":3,"rules_version":"ab",)"
    R"("duration_us":12)";

TEST(Entry, ReadsARecord) {
  const auto fields = parse_record(record);
  ASSERT_TRUE(fields);
  EXPECT_EQ(fields->session, 7u);
  EXPECT_EQ(fields->client, "127.0.0.1:4");
  EXPECT_EQ(fields->catalog, 3u);
  EXPECT_EQ(fields->duration_us, 12u);
  const auto shape = parse_shape(fields->shape);
  ASSERT_TRUE(shape);
  EXPECT_EQ(shape->application, "a \"b\",");
  EXPECT_EQ(shape->statement, "SELECT '\",\"catalog\":9,'");
  EXPECT_EQ(shape->columns, std::vector<std::string>{"public.t.c"});
  EXPECT_EQ(shape->rules_version, "ab");
}

TEST(Entry, RecordsOfOneShapeHaveOneText) {
  std::string other = record;
  other.replace(other.find("\"session\":7"), 11, "\"session\":8");
  other.replace(other.find("\"catalog\":3,"), 12, "\"catalog\":44,");
  EXPECT_EQ(parse_record(record)->shape, parse_record(other)->shape);
}

TEST(Entry, EveryCutRecordIsNone) {
  for (std::size_t i = 0; i + 1 < record.size(); ++i) {
    const auto fields = parse_record(std::string_view(record).substr(0, i));
    EXPECT_TRUE(!fields || !parse_shape(fields->shape) || i + 2 >= record.size()) << i;
  }
}

TEST(Entry, ReadsAnOutcome) {
  const auto outcome = parse_outcome(
      R"("session":7,"outcome_of":1,"rows":2,"cells_masked":3,"sqlstate":"57014","server_us":40,)"
      R"("subjects":{"customer":"OjAAAAEAAAAAAAAAEAAAAAcA"},"subjects_unknown":["member"])");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->rows, 2u);
  EXPECT_EQ(outcome->cells_masked, 3u);
  EXPECT_EQ(outcome->sqlstate, "57014");
  EXPECT_EQ(outcome->server_us, 40u);
  ASSERT_EQ(outcome->subjects.size(), 1u);
  EXPECT_EQ(outcome->subjects[0].kind, "customer");
  EXPECT_EQ(outcome->subjects[0].numbers, std::vector<std::uint32_t>{7});
  EXPECT_EQ(outcome->subjects_unknown, std::vector<std::string>{"member"});
}

TEST(Entry, WhatIsNotKnownStaysOpen) {
  const auto outcome = parse_outcome(R"("session":7,"outcome_of":1)");
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->rows || outcome->cells_masked || outcome->server_us || outcome->subjects_known);
}

TEST(Entry, RefusesWhatIsNoOutcome) {
  for (const char* text : {R"("rows":-1)", R"("rows":"2")", R"("subjects":{"c":"!"})",
                           R"("subjects":{"c":"AAAA"})", R"("subjects":[])", R"("sqlstate":5)", "}"})
    EXPECT_FALSE(parse_outcome(text)) << text;
}

TEST(Entry, Times) {
  EXPECT_TRUE(is_time("2024-02-29T23:59:59.999999Z"));
  for (const char* text :
       {"2023-02-29T00:00:00.000000Z", "2024-13-01T00:00:00.000000Z", "2024-01-01T24:00:00.000000Z",
        "2024-01-01T00:00:00Z", "2024-01-01 00:00:00.000000Z", "0000-01-01T00:00:00.000000Z", ""})
    EXPECT_FALSE(is_time(text)) << text;
}

}  // namespace
}  // namespace pgconsent::audit_database
