// GitHub's dialect. It passes HTML on: what looks like a tag or an entity is escaped, too.
#include <fmt/format.h>

#include <algorithm>

#include "proxy/openness/document.h"

namespace pgconsent::openness {

namespace {

std::string on_one_line(std::string_view text) {
  std::string out;
  for (char c : text) out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return out;
}

std::string escaped(std::string_view text) {
  constexpr std::string_view special = "\\`*_[]|~";
  std::string out;
  for (char c : on_one_line(text)) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      if (special.find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

// What would make a list, a heading or a rule of a line that begins with it.
std::string line_of(std::string text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (text.starts_with('#') || text.starts_with('+') || text.starts_with('-') || text.starts_with('=')) {
    text.insert(0, "\\");
  } else if (digits > 0 && digits < text.size() && (text[digits] == '.' || text[digits] == ')')) {
    text.insert(digits, "\\");
  }
  return text;
}

std::string code_span(std::string_view text, bool in_table) {
  std::string line = on_one_line(text), fence = "`";
  while (line.find(fence) != std::string::npos) fence += '`';
  if (line.starts_with('`') || line.ends_with('`')) line = " " + line + " ";
  if (in_table) {
    for (std::size_t at = line.find('|'); at != std::string::npos; at = line.find('|', at + 2))
      line.insert(at, "\\");
  }
  return fence + line + fence;
}

std::string markdown(const Inline& spans, bool in_table = false) {
  std::string out;
  for (const Span& span : spans) {
    switch (span.kind) {
      case Span::Kind::text:
        out += escaped(span.text);
        break;
      case Span::Kind::code:
        out += code_span(span.text, in_table);
        break;
      case Span::Kind::strong:
      case Span::Kind::badge:
        out += "**" + escaped(span.text) + "**";
        break;
      case Span::Kind::link:
        out += "<" + span.text + ">";
        break;
    }
  }
  return out;
}

struct Writer {
  std::string out;

  void operator()(const Heading& heading) { out += "### " + markdown(heading.text) + "\n\n"; }
  void operator()(const Paragraph& paragraph) { out += line_of(markdown(paragraph.text)) + "\n\n"; }
  void operator()(const Notice& notice) { out += "> " + line_of(markdown(notice.text)) + "\n\n"; }
  void operator()(const List& list) {
    for (const Inline& item : list.items) out += "- " + line_of(markdown(item)) + "\n";
    out += "\n";
  }
  void operator()(const Table& table) {
    for (const std::string& cell : table.header) out += "| " + escaped(cell) + " ";
    out += "|\n";
    for (std::size_t i = 0; i < table.header.size(); ++i) out += "|---";
    out += "|\n";
    for (const auto& row : table.rows) {
      for (const Inline& cell : row) out += "| " + markdown(cell, true) + " ";
      out += "|\n";
    }
    out += "\n";
  }
};

}  // namespace

std::string to_markdown(const Document& document) {
  Writer writer;
  writer.out = "# " + escaped(document.title) + "\n\n";
  if (!document.about.empty()) writer.out += line_of(markdown(document.about)) + "\n\n";
  for (const Section& section : document.sections) {
    writer.out += "## " + escaped(section.title) + "\n\n";
    for (const Block& block : section.blocks) std::visit(writer, block);
  }
  writer.out.pop_back();
  return writer.out;
}

}  // namespace pgconsent::openness
