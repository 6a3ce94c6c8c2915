// Addresses to questions: every value is a parameter, every view has an address of its own.
#include "proxy/admin/pages/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/admin/pages/list_order.h"

namespace pgconsent::pages {
namespace {

const Time now = *parse_time("2026-11-27T12:00");

Filter filter_of(const char* query) {
  return parse_filter(parse_urlencoded(query), now, "24h");
}

TEST(Filter, Periods) {
  EXPECT_EQ(filter_of("").period.since, *parse_time("2026-11-26T12:00"));
  EXPECT_EQ(filter_of("period=7d").period.name, "7d");
  EXPECT_EQ(filter_of("period=all").period.since, std::nullopt);
  const Filter given = filter_of("period=7d&since=2026-01-01&until=2026-02-01T08:30");
  EXPECT_EQ(given.period.name, "");
  EXPECT_EQ(given.period.until, *parse_time("2026-02-01T08:30"));
}

TEST(Filter, WhatIsWrongIsSaidAndNotInForce) {
  EXPECT_THAT(filter_of("period=eternal").problems, testing::SizeIs(1));
  EXPECT_EQ(filter_of("period=eternal").period.name, "24h");
  EXPECT_THAT(filter_of("since=yesterday").problems, testing::SizeIs(1));
  EXPECT_THAT(filter_of("since=2026-02-01&until=2026-01-01").problems, testing::SizeIs(1));
  const std::string longer = "role=" + std::string(501, 'x');
  EXPECT_THAT(filter_of(longer.c_str()).problems, testing::SizeIs(1));
  EXPECT_EQ(filter_of(longer.c_str()).value("role"), "");
}

TEST(Filter, ValuesAreParameters) {
  const Filter filter = filter_of("period=all&role=a'b&table=x%22;--&q='%20OR%201=1&reason=r");
  const Question which = shapes_question(filter);
  for (const char* part : {"a'b", "--", "OR 1"})
    EXPECT_THAT(which.sql, testing::Not(testing::HasSubstr(part)));
  EXPECT_THAT(which.values, testing::ElementsAre("a'b", "x\";--", "r", "' OR 1=1"));
  EXPECT_EQ(where(filter, "{1,2}").sql, " WHERE s.shape = ANY ($1::integer[])");
  EXPECT_EQ(where(filter, "{1,2}").values, (Values{"{1,2}"}));
  Values values;
  EXPECT_EQ(search_call(filter, "", "", 10, values), "");  // it has no parameter for a reason
  values.clear();
  EXPECT_EQ(
      search_call(filter_of("period=all&decision=refused&q=x"), "2026-11-27 10:00:00+00", "7", 10, values),
      "pgconsent_audit.search(most => 10, decision => $1::text, contains => $2::text, before_time => "
      "$3::timestamptz, "
      "before_id => $4::bigint)");
  EXPECT_THAT(values, testing::ElementsAre("refused", "x", "2026-11-27 10:00:00+00", "7"));
}

TEST(Filter, ComesBackFromItsAddress) {
  const char* query = "since=2026-01-01T00%3A00&decision=refused&role=crm&q=a%26b";
  EXPECT_EQ(to_parameters(filter_of(query)).to_query(), query);
}

TEST(ListOrder, MarksAreReadStrictly) {
  EXPECT_EQ(parse_order(parse_urlencoded("after=2026-11-27 10:30:05.123456%2B00~42")).mark_id, "42");
  EXPECT_EQ(parse_order(parse_urlencoded("sort=rows&after=-1~42")).mark_value, "-1");
  EXPECT_TRUE(parse_order(parse_urlencoded("before=2026-11-27 10:30:05%2B00~1")).backwards);
  for (const char* bad : {"after=x~1", "after=1", "after=~", "after=2026-11-27 10:30:05%2B00~x",
                          "sort=rows&after=1'~1", "before=1~1"}) {
    const ListOrder order = parse_order(parse_urlencoded(bad));
    EXPECT_EQ(order.mark_id, "") << bad;
    EXPECT_FALSE(order.backwards) << bad;
  }
  EXPECT_TRUE(parse_order(parse_urlencoded("sort=nothing")).is_default());
}

TEST(ListOrder, QueriesByTheWayThatIsFast) {
  const Filter filter = filter_of("period=all&decision=refused");
  EXPECT_THAT(list_query("s.id", filter, {}, std::nullopt, 51).sql,
              testing::StartsWith("SELECT s.id FROM pgconsent_audit.search("));
  ListOrder order;
  order.backwards = true;
  order.mark_value = "2026-11-27 10:30:05+00";
  order.mark_id = "42";
  EXPECT_THAT(list_query("s.id", filter, order, "{1}", 51).sql,
              testing::EndsWith(
                  "(s.time, s.id) > ($2::timestamptz, $3::bigint) ORDER BY s.time ASC, s.id ASC LIMIT 51"));
}

}  // namespace
}  // namespace pgconsent::pages
