#include <gtest/gtest.h>

#include <sstream>

#include "proxy/consent/formats/event_reader.h"

namespace pgconsent::consent {
namespace {

std::vector<EventReader::Record> read(Format format, const std::string& text) {
  std::istringstream in(text);
  ReaderOptions options;
  options.format = format;
  auto reader = make_event_reader(options, in);
  std::vector<EventReader::Record> records;
  while (auto record = reader->next()) records.push_back(std::move(*record));
  return records;
}

std::string header_problem(const std::string& text) {
  std::istringstream in(text);
  const ReaderOptions options;
  return make_event_reader(options, in)->problem();
}

TEST(EventReader, ReadsQuotedFields) {
  auto records = read(Format::csv, "subject,purpose,evidence\r\n1,marketing,\"a, \"\"b\"\"\nc\"\r\n2,,\r\n");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].line, 2);
  EXPECT_EQ(records[0].place, 3);
  EXPECT_EQ(records[0].events[0].field("evidence")->value(), "a, \"b\"\nc");
  EXPECT_EQ(records[1].line, 4);
  EXPECT_FALSE(records[1].events[0].field("purpose")->has_value());
}

TEST(EventReader, AMalformedRecordCostsOneLine) {
  auto records = read(Format::csv, "subject,purpose\n\"1,a\n2,a\n3\n4,\"a\"b\n5,a\"b\n6,a\n");
  ASSERT_EQ(records.size(), 6u);
  EXPECT_EQ(records[0].problem, "text after a closing quote");
  EXPECT_EQ(records[1].problem, "");
  EXPECT_EQ(records[2].problem, "1 fields, the header has 2");
  EXPECT_NE(records[3].problem, "");
  EXPECT_NE(records[4].problem, "");
  EXPECT_EQ(records[5].problem, "");
  EXPECT_EQ(records[5].line, 7);
}

TEST(EventReader, HeadersThatCanNotBeUsed) {
  EXPECT_NE(header_problem(""), "");
  EXPECT_NE(header_problem("purpose\n"), "");
  EXPECT_NE(header_problem("subject,subject\n"), "");
  EXPECT_NE(header_problem("subject,nothing\n"), "");
  EXPECT_EQ(header_problem("\xEF\xBB\xBFsubject,purpose\n"), "");
}

TEST(EventReader, JsonLines) {
  auto records = read(Format::json_lines,
                      "{\"subject\":7,\"purpose\":\"a\",\"recipients\":[\"x\",\"y\"],\"category\":null}\n\n"
                      "{\"subject\":\"7\"\n[]\n{\"purpose\":\"a\"}\n{\"subject\":\"1\",\"subject\":\"2\"}\n"
                      "{\"subject\":\"1\",\"x\":1}\n{\"subject\":1.5}\n{\"subject\":\"\\ud800\"}\n" +
                          std::string(5000, '[') + "\n{\"subject\":\"a\\u0000b\"}\n");
  ASSERT_EQ(records.size(), 10u);
  EXPECT_EQ(records[0].problem, "");
  EXPECT_EQ(records[0].events[0].field("subject")->value(), "7");
  EXPECT_EQ(records[0].events[0].field("recipients")->value(), "x|y");
  for (std::size_t i = 1; i < records.size(); ++i) EXPECT_NE(records[i].problem, "") << records[i].line;
  EXPECT_EQ(records[9].line, 11);
}

TEST(EventReader, Times) {
  for (const char* good : {"2026-01-31", "2024-02-29T23:59:59Z", "2026-01-31 12:00:00.123456+01:00",
                           "2026-01-31T12:00:00-0330", "2026-11-24 00:35:48.896433+00"})
    EXPECT_EQ(value_problem("occurred_at", good), "") << good;
  for (const char* bad :
       {"", "2026", "2025-02-29", "2026-13-01", "2026-01-31T12:00:00", "2026-01-31T24:00:00Z",
        "2026-01-31T12:60:00Z", "2026-01-31T12:00:60Z", "2026-01-31T12:00:00+16:00", "0000-01-01",
        "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00ZZ", "infinity", "now"})
    EXPECT_NE(value_problem("valid_until", bad), "") << bad;
  EXPECT_NE(value_problem("evidence", "\xff"), "");
  EXPECT_NE(value_problem("evidence", std::string_view("a\0b", 3)), "");
}

}  // namespace
}  // namespace pgconsent::consent
