#include <gtest/gtest.h>

#include <sstream>

#include "proxy/consent/formats/dpv_context.h"
#include "proxy/consent/formats/dpv_duration.h"
#include "proxy/consent/formats/json_elements.h"

namespace pgconsent::consent {
namespace {

std::string elements(const std::string& text) {
  std::istringstream in(text);
  JsonElements elements(in);
  std::string out;
  while (auto element = elements.next()) {
    out += element->problem.empty() ? element->text : "!";
    out += "@" + std::to_string(element->line) + " ";
  }
  return out;
}

TEST(JsonElements, OneByOne) {
  EXPECT_EQ(elements(""), "");
  EXPECT_EQ(elements("{\"a\":1}\n\n{ \"b\" : [2] }"), "{\"a\":1}@1 {\"b\":[2]}@3 ");
  EXPECT_EQ(elements("[1,\n\"x]\\\"\", {\"a\": {}}]\n"), "1@1 \"x]\\\"\"@2 {\"a\": {}}@2 ");
  EXPECT_EQ(elements("\xEF\xBB\xBF{\"@context\": {}, \"@graph\": [{},\n3], \"z\": 1} {}"), "{}@1 3@2 {}@2 ");
  EXPECT_EQ(elements("[]"), "");
}

TEST(JsonElements, WhatIsNotBalancedEndsIt) {
  for (const char* text :
       {"[1", "[1 2]", "[\"", "[{]", "{\"a\":1", "{\"a\" 1}", "{1:2}", "x", "]", "[,1]", "{,}", "[[}]"})
    EXPECT_TRUE(elements(text).ends_with("!@1 ")) << text;
  EXPECT_EQ(elements("[1,]"), "1@1 !@1 ");
  EXPECT_EQ(elements("{\"@graph\": [1], \"@context\": {}}"), "!@1 ");
  EXPECT_EQ(elements("{\"@context\": {}, \"@graph\": [1], \"@context\": {}}"), "1@1 !@1 ");
}

TEST(JsonElements, Strict) {
  nlohmann::json out;
  EXPECT_EQ(parse_strict("{\"a\": {\"b\": 1}, \"b\": {\"a\": 1}}", out), "");
  EXPECT_NE(parse_strict("{\"a\": {\"b\": 1, \"b\": 2}}", out), "");
  EXPECT_NE(parse_strict(std::string(33, '[') + std::string(33, ']'), out), "");
  EXPECT_EQ(parse_strict(std::string(32, '[') + std::string(32, ']'), out), "");
  EXPECT_EQ(parse_strict("{\"a\": \"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}", out), "");
}

TEST(Context, Expands) {
  Context context;
  EXPECT_EQ(
      context.add(nlohmann::json::parse(R"([{"d": "https://w3id.org/dpv#", "t": "@type", "loop": "loop:x",
      "when": {"@id": "d:isIndicatedAtTime", "@type": "xsd:dateTime"}, "dct": null, "@vocab": "https://v/"}])")),
      "");
  EXPECT_EQ(context.expand("dpv:Marketing"), "https://w3id.org/dpv#Marketing");
  EXPECT_EQ(context.expand("d:Marketing"), "https://w3id.org/dpv#Marketing");
  EXPECT_EQ(context.expand("when"), "https://w3id.org/dpv#isIndicatedAtTime");
  EXPECT_EQ(context.expand("t"), "@type");
  EXPECT_EQ(context.expand("dct:source"), "dct:source");
  EXPECT_EQ(context.expand("https://x/y"), "https://x/y");
  EXPECT_EQ(context.expand("word"), "https://v/word");
  EXPECT_FALSE(context.expand("loop").empty());
  EXPECT_NE(context.add("https://w3id.org/dpv/context"), "");
  EXPECT_NE(context.add(nlohmann::json::parse(R"({"@import": "x"})")), "");
}

TEST(Duration, IsAdded) {
  EXPECT_EQ(time_after("2024-01-31T10:00:00Z", "P1M"), "2024-02-29T10:00:00Z");
  EXPECT_EQ(time_after("2024-01-31", "P1Y"), "2025-01-31T00:00:00Z");
  EXPECT_EQ(time_after("2024-12-31T23:59:59+02:00", "P1DT1S"), "2025-01-02T00:00:00+02:00");
  EXPECT_EQ(time_after("2024-02-28T00:00:00Z", "P2W"), "2024-03-13T00:00:00Z");
  for (const char* bad :
       {"", "P", "PT", "1M", "P-1M", "P1", "P1S", "P1D1M", "P1M1M", "P1DT", "P999999999D", "P100000Y", "p1m"})
    EXPECT_EQ(time_after("2024-01-31T10:00:00Z", bad), "") << bad;
  EXPECT_EQ(time_after("yesterday", "P1M"), "");
}

}  // namespace
}  // namespace pgconsent::consent
