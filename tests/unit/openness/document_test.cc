#include "proxy/openness/document.h"

#include <gtest/gtest.h>

namespace pgconsent::openness {
namespace {

const std::string hostile = "<script>alert('1')</script> & \"x\" | `y` *z* [a](javascript:b) \x01\n# h";

Document hostile_document() {
  Document document;
  document.language = "e\"n";
  document.title = document.contents = hostile;
  document.about = plain(hostile);
  Section section{"i\"d", hostile, {}};
  section.blocks.push_back(Heading{code(hostile), hostile});
  section.blocks.push_back(Paragraph{plain(hostile)});
  section.blocks.push_back(Notice{strong(hostile)});
  section.blocks.push_back(List{{plain(hostile), address(hostile)}});
  section.blocks.push_back(Table{hostile, {hostile, hostile}, {{plain(hostile), code(hostile)}}});
  document.sections.push_back(section);
  return document;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Html, EveryValueIsEscaped) {
  const std::string html = to_html(hostile_document());
  EXPECT_FALSE(contains(html, "<script"));
  EXPECT_FALSE(contains(html, "alert('1')"));
  EXPECT_FALSE(contains(html, "\x01"));
  EXPECT_FALSE(contains(html, "lang=\"e\"n"));
  EXPECT_FALSE(contains(html, "href=\"javascript"));
  EXPECT_TRUE(contains(html, "&lt;script&gt;alert(&#39;1&#39;)"));
}

TEST(Html, TablesHaveScopesAndThePageAPolicy) {
  const std::string html = to_html(hostile_document());
  for (const char* part :
       {"<th scope=\"col\"", "<th scope=\"row\"", "<caption>", "default-src 'none'",
        "<html lang=", "prefers-color-scheme: dark", "@media print", "<meta charset=\"utf-8\">"})
    EXPECT_TRUE(contains(html, part)) << part;
}

TEST(Markdown, EveryValueIsEscaped) {
  const std::string text = to_markdown(hostile_document());
  EXPECT_FALSE(contains(text, "\x01"));
  EXPECT_TRUE(contains(text, "&lt;script&gt;"));
  EXPECT_TRUE(contains(text, "\\[a\\](javascript:b)"));
  EXPECT_TRUE(contains(text, "\\*z\\*"));
  EXPECT_FALSE(contains(text, "\n# h"));  // a line break is a space
  // Inside code nothing is interpreted, but a table's bar ends the cell.
  EXPECT_TRUE(contains(text, "``<script>alert('1')</script> & \"x\" \\| `y`"));
}

TEST(Address, OnlyMailAndHttpsAreLinks) {
  auto kind = [](const char* text) { return address(text).front().kind; };
  EXPECT_EQ(kind("privacy@example.com"), Span::Kind::link);
  EXPECT_EQ(kind("https://example.com/a?b=c"), Span::Kind::link);
  for (const char* other :
       {"javascript:alert(1)", "http://example.com", "a@b", "@example.com", "a@b@c.d", "https://",
        "https://x\" onclick=", "x@example.com?bcc=y", "data:text/html,x", ""})
    EXPECT_EQ(kind(other), Span::Kind::text) << other;
}

}  // namespace
}  // namespace pgconsent::openness
