#include "proxy/openness/statement_sections.h"

namespace pgconsent::openness {

namespace {

std::string text_of(const Inline& spans) {
  std::string out;
  for (const Span& span : spans) out += span.text;
  return out;
}

// REQUIRES: there is such a language.
Document document_of(const Statement& statement, std::string_view language) {
  const Texts& texts = *Texts::find(language);
  const rules::Policy& policy = statement.policy();
  Document document;
  document.language = texts.language();
  document.contents = texts.text("statement.contents");
  const std::string name(policy.controller.name.in(language));
  document.title = name.empty() ? texts.text("statement.title")
                                : text_of(texts.fill("statement.title_of", {{"name", plain(name)}}));
  document.about = texts.fill("statement.about", {{"database", plain(statement.database)},
                                                  {"date", plain(statement.written_at)},
                                                  {"rules", code("sha256:" + policy.digest.substr(0, 16))}});
  using Write = Section (*)(const Statement&, const Texts&);
  for (Write write : {controller_section, held_section, purposes_section, applications_section,
                      sensitive_section, regimes_section, sources_section, rights_section, limits_section}) {
    Section section = write(statement, texts);
    if (!section.blocks.empty()) document.sections.push_back(std::move(section));
  }
  return document;
}

}  // namespace

std::string to_html(const Statement& statement, std::string_view language) {
  return to_html(document_of(statement, language));
}

std::string to_markdown(const Statement& statement, std::string_view language) {
  return to_markdown(document_of(statement, language));
}

}  // namespace pgconsent::openness
