// A document as plain data, and its two written forms. Values come from rules, catalogs and rows: whatever
// they hold is escaped by the writers, and only there.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pgconsent::openness {

struct Span {
  enum class Kind { text, code, strong, badge, link };  // link: an address that is shown as it is
  Kind kind = Kind::text;
  std::string text;
};
using Inline = std::vector<Span>;

Inline plain(std::string text);
Inline code(std::string text);
Inline strong(std::string text);
// A link where it is a mail or https address; else plain.
Inline address(std::string text);
Inline& operator+=(Inline& left, const Inline& right);
Inline operator+(Inline left, const Inline& right);
// "a, b, c"
Inline joined(const std::vector<Inline>& parts, std::string_view by = ", ");

struct Heading {  // inside a section
  Inline text;
  std::string id;
};
struct Paragraph {
  Inline text;
};
struct Notice {  // something that a reader must not miss
  Inline text;
};
struct List {
  std::vector<Inline> items;
};
struct Table {
  std::string caption;  // for screen readers: the heading above says it to others
  std::vector<std::string> header;
  std::vector<std::vector<Inline>> rows;  // the first cell of each is its header
};
using Block = std::variant<Heading, Paragraph, Notice, List, Table>;

struct Section {
  std::string id, title;
  std::vector<Block> blocks;
};
struct Document {
  std::string language, title, contents;  // contents: the heading over the list of sections
  Inline about;
  std::vector<Section> sections;
};

std::string to_html(const Document& document);
std::string to_markdown(const Document& document);

}  // namespace pgconsent::openness
