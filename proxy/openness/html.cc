// One page that needs nothing else: no script, no font, no picture, and a policy that forbids them.
#include <fmt/format.h>

#include "proxy/openness/document.h"

namespace pgconsent::openness {

namespace {

// Below 44rem a row of a table becomes a card: the roles keep it a table for screen readers.
constexpr std::string_view style = R"css(
:root { color-scheme: light dark; --text: #1c2530; --soft: #56616e; --page: #fff; --panel: #f4f6f8; --line: #d5dbe1;
  --accent: #0b5cad; --mark: #8a4b00; --mark-back: #fdf1df; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e9ee; --soft: #a3aeb9; --page: #14191f; --panel: #1d242c;
  --line: #38424d; --accent: #7db8f2; --mark: #f2bd73; --mark-back: #33291a; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI",
  Roboto, "Noto Sans", "Liberation Sans", sans-serif; overflow-wrap: anywhere; }
header, nav, main, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 2.75rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.08rem; margin: 1.9rem 0 .4rem; }
p { margin: .5rem 0; max-width: 46rem; }
ul { margin: .5rem 0; padding-left: 1.25rem; max-width: 46rem; }
a { color: var(--accent); }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
header p { color: var(--soft); }
nav { margin-top: 1.5rem; }
nav h2 { font-size: 1rem; margin: 0 0 .25rem; padding: 0; border: 0; }
nav ol { margin: 0; padding-left: 1.4rem; columns: 2 18rem; }
code { font: .875em/1.4 ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace; background: var(--panel);
  border: 1px solid var(--line); border-radius: 4px; padding: .05em .3em; white-space: pre-wrap; }
h3 code { font-weight: 600; }
.badge { font-size: .8rem; font-weight: 600; color: var(--mark); background: var(--mark-back); border-radius: 4px;
  padding: .1rem .45rem; white-space: nowrap; }
.notice { border-left: 4px solid var(--mark); background: var(--mark-back); padding: .6rem .9rem; margin: .9rem 0;
  max-width: 46rem; }
table { border-collapse: collapse; table-layout: fixed; width: 100%; margin: .75rem 0 1.25rem; font-size: .95rem; }
/* What a heading says already, for screen readers. */
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
thead th { color: var(--soft); font-size: .85rem; border-bottom-width: 2px; }
footer { padding-top: 1.5rem; padding-bottom: 3rem; color: var(--soft); }
@media (max-width: 44rem) {
  header { padding-top: 1.5rem; }
  table, tbody, tr, th, td { display: block; width: 100%; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  tr { border: 1px solid var(--line); border-radius: 8px; padding: .35rem .8rem; margin-bottom: .75rem; }
  th, td { border: 0; padding: .35rem 0; }
  td:empty { display: none; }
  td[data-label]::before { content: attr(data-label); display: block; color: var(--soft); font-size: .8rem; }
}
@media print {
  :root { color-scheme: light; --text: #000; --soft: #333; --page: #fff; --panel: #fff; --line: #999; --accent: #000;
    --mark: #000; --mark-back: #fff; }
  nav { display: none; }
  body { font-size: 10.5pt; }
  h2, h3 { break-after: avoid; }
  tr, .notice { break-inside: avoid; }
}
)css";

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        // Control characters are no part of a document.
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') out += c;
    }
  }
  return out;
}

std::string html(const Inline& spans) {
  std::string out;
  for (const Span& span : spans) {
    const std::string text = escaped(span.text);
    switch (span.kind) {
      case Span::Kind::text:
        out += text;
        break;
      case Span::Kind::code:
        out += "<code>" + text + "</code>";
        break;
      case Span::Kind::strong:
        out += "<strong>" + text + "</strong>";
        break;
      case Span::Kind::badge:
        out += "<span class=\"badge\">" + text + "</span>";
        break;
      case Span::Kind::link:
        out +=
            fmt::format("<a href=\"{}{}\">{}</a>", text.starts_with("https://") ? "" : "mailto:", text, text);
        break;
    }
  }
  return out;
}

struct Writer {
  std::string out;

  void operator()(const Heading& heading) {
    const std::string id = heading.id.empty() ? "" : " id=\"" + escaped(heading.id) + "\"";
    out += fmt::format("<h3{}>{}</h3>\n", id, html(heading.text));
  }
  void operator()(const Paragraph& paragraph) { out += "<p>" + html(paragraph.text) + "</p>\n"; }
  void operator()(const Notice& notice) { out += "<p class=\"notice\">" + html(notice.text) + "</p>\n"; }
  void operator()(const List& list) {
    out += "<ul>\n";
    for (const Inline& item : list.items) out += "<li>" + html(item) + "</li>\n";
    out += "</ul>\n";
  }
  void operator()(const Table& table) {
    out += "<table role=\"table\">\n";
    if (!table.caption.empty()) out += "<caption>" + escaped(table.caption) + "</caption>\n";
    out += "<thead role=\"rowgroup\"><tr role=\"row\">";
    for (const std::string& cell : table.header)
      out += "<th scope=\"col\" role=\"columnheader\">" + escaped(cell) + "</th>";
    out += "</tr></thead>\n<tbody role=\"rowgroup\">\n";
    for (const auto& row : table.rows) {
      out += "<tr role=\"row\">";
      for (std::size_t i = 0; i < row.size(); ++i) {
        out += i == 0 ? fmt::format("<th scope=\"row\" role=\"rowheader\">{}</th>", html(row[i]))
                      : fmt::format("<td role=\"cell\" data-label=\"{}\">{}</td>",
                                    escaped(table.header.at(i)), html(row[i]));
      }
      out += "</tr>\n";
    }
    out += "</tbody>\n</table>\n";
  }
};

}  // namespace

std::string to_html(const Document& document) {
  Writer writer;
  writer.out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<header>\n<h1>{}</h1>\n",
      escaped(document.language), escaped(document.title), style, escaped(document.title));
  if (!document.about.empty()) writer.out += "<p>" + html(document.about) + "</p>\n";
  writer.out +=
      fmt::format("</header>\n<nav aria-labelledby=\"contents\">\n<h2 id=\"contents\">{}</h2>\n<ol>\n",
                  escaped(document.contents));
  for (const Section& section : document.sections)
    writer.out +=
        fmt::format("<li><a href=\"#{}\">{}</a></li>\n", escaped(section.id), escaped(section.title));
  writer.out += "</ol>\n</nav>\n<main>\n";
  for (const Section& section : document.sections) {
    writer.out += fmt::format("<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}</h2>\n",
                              escaped(section.id), escaped(section.title));
    for (const Block& block : section.blocks) std::visit(writer, block);
    writer.out += "</section>\n";
  }
  writer.out += "</main>\n</body>\n</html>\n";
  return writer.out;
}

}  // namespace pgconsent::openness
