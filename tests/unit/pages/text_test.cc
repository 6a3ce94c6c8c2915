// What comes from outside, and what goes onto pages: parameters, times, escaping, CSV, highlighting.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/admin/pages/csv.h"
#include "proxy/admin/pages/guard.h"
#include "proxy/admin/pages/highlight.h"
#include "proxy/admin/pages/html.h"
#include "proxy/admin/pages/numbers_text.h"
#include "proxy/admin/pages/parameters.h"
#include "proxy/admin/pages/time_text.h"

namespace pgconsent::pages {
namespace {

using namespace literals;

TEST(Parameters, AreDecoded) {
  const Parameters parsed = parse_urlencoded("a=1&b=x+y%20z&c=&=d&e&a=2&f=%C3%A9");
  EXPECT_EQ(parsed.get("a"), "1");
  EXPECT_EQ(parsed.get("b"), "x y z");
  EXPECT_EQ(parsed.get("c"), "");
  EXPECT_EQ(parsed.get("f"), "é");
  EXPECT_EQ(parsed.get("none"), "");
  EXPECT_EQ(parsed.all().size(), 6u);  // not the one without a name
}

TEST(Parameters, WhatIsNoTextIsLeftOut) {
  for (const char* bad : {"a=%", "a=%4", "a=%zz", "a=%00", "a=%FF", "a=%C3", "a=%1b", "%0=1"})
    EXPECT_TRUE(parse_urlencoded(bad).all().empty()) << bad;
}

TEST(Parameters, AreBounded) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "a" + std::to_string(i) + "=1&";
  EXPECT_EQ(parse_urlencoded(many).all().size(), Parameters::max_parameters);
}

TEST(Parameters, ComeBackAsTheyWere) {
  Parameters parameters;
  parameters.add("q", "a&b=c d+é\"<>'%");
  EXPECT_EQ(parse_urlencoded(parameters.to_query()).get("q"), "a&b=c d+é\"<>'%");
  parameters.set("q", "");
  EXPECT_EQ(parameters.to_query(), "");
}

TEST(Parameters, Cookies) {
  const Parameters cookies = parse_cookies("a=1; __Host-pgconsent=x-_Y;b = 2; c");
  EXPECT_EQ(cookies.get("__Host-pgconsent"), "x-_Y");
  EXPECT_EQ(cookies.get("a"), "1");
  EXPECT_EQ(cookies.get("c"), "");
}

TEST(Parameters, Paths) {
  EXPECT_EQ(decode_path("/a%20b+c"), "/a b+c");
  EXPECT_EQ(decode_path("/%00"), std::nullopt);
  EXPECT_EQ(decode_path("/%e"), std::nullopt);
}

TEST(Html, ValuesAreEscapedWhateverTheyAre) {
  const std::string evil = "<script>alert(\"1\" + '2' + `3`)</script>&amp;";
  Html html;
  html << "<td title=\""_m << evil << "\">"_m << evil << 7 << "</td>"_m;
  EXPECT_EQ(html.text().find("<script"), std::string::npos);
  EXPECT_EQ(html.text().find('`'), std::string::npos);
  EXPECT_THAT(html.text(),
              testing::HasSubstr(
                  "&lt;script&gt;alert(&quot;1&quot; + &#39;2&#39; + &#96;3&#96;)&lt;/script&gt;&amp;amp;"));
  EXPECT_THAT(html.text(), testing::EndsWith("7</td>"));
}

TEST(Html, ControlCharactersAreShown) {
  Html html;
  html << std::string("a\0b\x1b\n", 5);
  EXPECT_EQ(html.text(),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\n");
}

TEST(Html, Numbers) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(9999), "9999");
  EXPECT_EQ(grouped(1234567), "1\u202F234\u202F567");
  EXPECT_EQ(grouped(-12345), "-12\u202F345");
  EXPECT_EQ(percent(0, 0), "–");
  EXPECT_EQ(percent(1, 100000), "< 0.1 %");
  EXPECT_EQ(percent(1, 3), "33.3 %");
  EXPECT_EQ(duration_text(850), "850 µs");
  EXPECT_EQ(duration_text(1250), "1.2 ms");
  EXPECT_EQ(round_up_nicely(1), 1);
  EXPECT_EQ(round_up_nicely(37), 50);
  EXPECT_EQ(round_up_nicely(1001), 2000);
}

TEST(Times, AsFormsWriteThem) {
  for (const char* good :
       {"2026-11-27", "2026-11-27T10:30", "2026-11-27 10:30", "2026-11-27T10:30:05", "2026-11-27T10:30:05Z"})
    EXPECT_TRUE(parse_time(good)) << good;
  for (const char* bad : {"", "x", "2026-13-01", "2026-02-30", "2026-1-1", "2026-11-27T", "2026-11-27T25:00",
                          "2026-11-27T10:60", "2026-11-27T10:30:61", "2026-11-27T10:30+01",
                          "2026-11-27'; DROP", "-026-11-27", "1969-12-31"})
    EXPECT_FALSE(parse_time(bad)) << bad;
  EXPECT_EQ(minute_text(*parse_time("2026-11-27T10:30")), "2026-11-27T10:30");
  EXPECT_EQ(minute_text(*parse_time("2026-11-27T10:30:05")), "2026-11-27T10:30:05");
  EXPECT_EQ(second_text(*parse_time("2024-02-29")), "2024-02-29 00:00:00");
  EXPECT_EQ(without_fraction("2026-11-27 10:30:05.123456+00"), "2026-11-27 10:30:05");
  EXPECT_EQ(without_fraction("2026-11-27 10:30:05+00"), "2026-11-27 10:30:05");
}

TEST(Csv, IsQuotedAndNeverAFormula) {
  const auto field = [](std::string_view text) {
    std::string out;
    append_csv(out, text);
    return out;
  };
  EXPECT_EQ(field("plain text"), "plain text");
  EXPECT_EQ(field("a,b"), "\"a,b\"");
  EXPECT_EQ(field("a\"b\nc"), "\"a\"\"b\nc\"");
  EXPECT_EQ(field("=1+2"), "\"'=1+2\"");
  EXPECT_EQ(field("@SUM(A1)"), "\"'@SUM(A1)\"");
  EXPECT_EQ(field("-1"), "\"'-1\"");
}

TEST(Highlight, WhatTheRefusalIsAbout) {
  EXPECT_EQ(highlight("SELECT ssn FROM users WHERE id = $1", 0, {"ssn"}).text(),
            "<b>SELECT</b> <mark>ssn</mark> <b>FROM</b> users <b>WHERE</b> id = <i>$1</i>");
  EXPECT_EQ(highlight("SELECT é, f(x)", 11, {}).text(), "<b>SELECT</b> é, <mark>f</mark>(x)");
  EXPECT_EQ(highlight("SELECT s FROM u", 15, {"s"}).text(), "<b>SELECT</b> <mark>s</mark> <b>FROM</b> u");
  EXPECT_EQ(highlight("SELECT * FROM u", 15, {"s"}).text(), "<b>SELECT</b> * <b>FROM</b> <mark>u</mark>");
  EXPECT_EQ(highlight("SELECT \"S\"\"N\", s\"", 0, {"S\"N"}).text(),
            "<b>SELECT</b> <mark>&quot;S&quot;&quot;N&quot;</mark>, s&quot;");
  EXPECT_EQ(highlight("SELECT '<script>'", 0, {}).text(), "<b>SELECT</b> <i>&#39;&lt;script&gt;&#39;</i>");
  EXPECT_EQ(highlight("", 5, {}).text(), "");
  EXPECT_EQ(highlight("x", 99, {}).text(), "x");
}

TEST(Highlight, NamesInAReason) {
  EXPECT_THAT(names_in("pgconsent: function \"pg_catalog.query_to_xml\" can't be called"),
              testing::ElementsAre("query_to_xml"));
  EXPECT_THAT(names_in("\"open"), testing::IsEmpty());
  EXPECT_EQ(last_part("public.users.email (rules.yaml:24)"), "email");
}

Request post(const char* origin, const char* site, bool secure = false) {
  Request request;
  request.method = Method::post;
  request.host = "localhost:6433";
  request.origin = origin;
  request.fetch_site = site;
  request.secure = secure;
  return request;
}

TEST(Guard, ForeignPosts) {
  EXPECT_FALSE(is_foreign(post("", "")));
  EXPECT_FALSE(is_foreign(post("http://localhost:6433", "same-origin")));
  EXPECT_TRUE(is_foreign(post("http://evil", "")));
  EXPECT_TRUE(is_foreign(post("null", "")));
  EXPECT_TRUE(is_foreign(post("http://localhost:6433", "", true)));
  EXPECT_TRUE(is_foreign(post("", "cross-site")));
  EXPECT_TRUE(is_foreign(post("", "same-site")));
}

TEST(Guard, HostsWithoutTls) {
  for (const char* own : {"localhost", "localhost:1", "127.0.0.1:6433", "[::1]", "[::1]:6433"}) {
    Request request;
    request.host = own;
    EXPECT_TRUE(is_own_host(request)) << own;
  }
  for (const char* other :
       {"", "evil", "evil:6433", "127.0.0.1.evil", "localhost.evil", "[::2]", "10.0.0.1"}) {
    Request request;
    request.host = other;
    EXPECT_FALSE(is_own_host(request)) << other;
    request.secure = true;
    EXPECT_TRUE(is_own_host(request)) << other;
  }
}

TEST(Guard, WhereToGoNext) {
  EXPECT_EQ(safe_next("/statements?decision=refused&q=a%20b"), "/statements?decision=refused&q=a%20b");
  for (const char* bad :
       {"", "//evil", "https://evil", "/\\evil", "statements", "/a b", "/a\r\nSet-Cookie: x"})
    EXPECT_EQ(safe_next(bad), "/overview") << bad;
}

TEST(Guard, Cookies) {
  EXPECT_EQ(cookie("n", "v", true), "n=v; Path=/; HttpOnly; SameSite=Strict; Secure");
  EXPECT_EQ(cookie("n", "", false), "n=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
  EXPECT_EQ(session_cookie_name(true), "__Host-pgconsent");
}

}  // namespace
}  // namespace pgconsent::pages
