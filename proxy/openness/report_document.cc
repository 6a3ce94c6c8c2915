#include <algorithm>
#include <set>

#include "proxy/openness/report.h"
#include "proxy/openness/words.h"

namespace pgconsent::openness {

namespace {

std::string text_of(const Inline& spans) {
  std::string out;
  for (const Span& span : spans) out += span.text;
  return out;
}

std::string rows(const Texts& texts, std::int64_t n) {
  return texts.count("report.rows", n);
}

Section held_section(const SubjectReport& report, const Texts& texts) {
  Section section{"held", texts.text("section.report_held"), {}};
  if (report.tables.empty()) {
    section.blocks.push_back(Paragraph{plain(texts.text("report.nothing_held"))});
    return section;
  }
  Table table{
      texts.text("report_held.caption"),
      {texts.text("report_held.table"), texts.text("report_held.rows"), texts.text("report_held.categories")},
      {}};
  std::vector<Inline> shared;
  std::int64_t all = 0;
  for (const HeldTable& held : report.tables) {
    all += held.rows;
    std::map<std::string, std::vector<Inline>> by_category;
    for (const HeldColumn& column : held.columns) {
      const std::string category = column.rule->is_public          ? texts.text("report_held.public")
                                   : column.rule->category.empty() ? texts.text("report_held.unnamed")
                                                                   : column.rule->category;
      if (column.rows > 0) by_category[category].push_back(code(column.rule->name));
    }
    std::vector<Inline> categories;
    for (const auto& [category, columns] : by_category)
      categories.push_back(strong(category) + plain(": ") + joined(columns));
    table.rows.push_back({label(texts, held.rule->name, held.rule->description),
                          plain(std::to_string(held.rows)), joined(categories, "; ")});
    if (held.shared) shared.push_back(code(held.rule->name));
  }
  const auto tables = static_cast<std::int64_t>(report.tables.size());
  section.blocks.push_back(
      Paragraph{texts.fill("report.summary", {{"rows", plain(rows(texts, all))},
                                              {"tables", plain(texts.count("report.tables", tables))}})});
  section.blocks.push_back(std::move(table));
  section.blocks.push_back(Paragraph{plain(texts.text("report_held.limits"))});
  if (!shared.empty())
    section.blocks.push_back(Notice{texts.fill("report_held.also_others", {{"tables", joined(shared)}})});
  return section;
}

Inline use_words(const Texts& texts, const UseNow& use) {
  const Inline all = plain(rows(texts, use.rows));
  if (use.clear == use.rows) return texts.fill("report_uses.all", {{"rows", all}});
  if (use.clear == 0) return texts.fill("report_uses.none", {{"rows", all}});
  return texts.fill("report_uses.some",
                    {{"clear", plain(std::to_string(use.clear))}, {"rows", plain(std::to_string(use.rows))}});
}

std::vector<Inline> use_row(const SubjectReport& report, const Texts& texts, const UseNow& use) {
  const rules::Policy& policy = report.policy();
  const bool sensitive = policy.sensitive_categories.contains(use.category);
  std::vector<Inline> bases, reasons;
  for (const BasisNow& basis : use.bases) {
    if (basis.rows == 0) continue;
    bases.push_back(basis_words(texts, *basis.listed, basis.regime, sensitive) +
                    plain(": " + rows(texts, basis.rows)));
  }
  for (const std::string& reason : use.reasons) reasons.push_back(plain(texts.text("reason." + reason)));
  return {category_label(texts, policy, use.category), use_words(texts, use), joined(bases, "; "),
          joined(reasons, "; ")};
}

bool has_basis(const UseNow& use) {
  return !use.bases.empty();
}

void add_purpose(const SubjectReport& report, const Texts& texts, const std::vector<const UseNow*>& uses,
                 Section& out) {
  const rules::Purpose& purpose = *uses.front()->purpose;
  out.blocks.push_back(Heading{label(texts, purpose.name, purpose.description), "purpose-" + purpose.name});
  Table table{text_of(texts.fill("report_uses.caption", {{"purpose", plain(purpose.name)}})),
              {texts.text("report_uses.category"), texts.text("report_uses.now"),
               texts.text("report_uses.basis"), texts.text("report_uses.why")},
              {}};
  std::vector<Inline> unused;
  for (const UseNow* use : uses) {
    if (has_basis(*use)) {
      table.rows.push_back(use_row(report, texts, *use));
    } else {
      unused.push_back(category_label(texts, report.policy(), use->category));
    }
  }
  if (!table.rows.empty()) out.blocks.push_back(std::move(table));
  if (!unused.empty())
    out.blocks.push_back(Paragraph{texts.fill("purpose.not_used", {{"categories", joined(unused)}})});
}

Section uses_section(const SubjectReport& report, const Texts& texts) {
  Section section{"uses", texts.text("section.report_uses"), {}};
  if (report.uses.empty()) return section;
  section.blocks.push_back(Paragraph{plain(texts.text("report_uses.about"))});
  std::vector<const UseNow*> uses;  // of one purpose
  for (const UseNow& use : report.uses) {
    if (!uses.empty() && uses.front()->purpose != use.purpose) {
      add_purpose(report, texts, uses, section);
      uses.clear();
    }
    uses.push_back(&use);
  }
  add_purpose(report, texts, uses, section);
  return section;
}

Inline or_all(const Texts& texts, const std::string& name) {
  return name.empty() ? plain(texts.text("report_consent.all")) : code(name);
}

Table history_table(const SubjectReport& report, const Texts& texts) {
  Table table{texts.text("report_consent.history_caption"),
              {texts.text("report_consent.at"), texts.text("report_consent.event"),
               texts.text("report_consent.purpose"), texts.text("report_consent.details")},
              {}};
  for (const Event& event : report.history) {
    std::string at, type, purpose;
    std::vector<Inline> details;
    for (const auto& [field, value] : event) {
      if (field == "occurred_at") {
        at = value;
      } else if (field == "event_type") {
        type = value;
      } else if (field == "purpose") {
        purpose = value;
      } else {
        details.push_back(plain(field + " ") + code(value));
      }
    }
    table.rows.push_back(
        {plain(at), plain(texts.text("event." + type)), or_all(texts, purpose), joined(details)});
  }
  return table;
}

Section consent_section(const SubjectReport& report, const Texts& texts) {
  Section section{"consent", texts.text("section.report_consent"), {}};
  if (report.records.empty()) section.blocks.push_back(Paragraph{plain(texts.text("report_consent.none"))});
  if (!report.records.empty()) {
    Table table{texts.text("report_consent.caption"),
                {texts.text("report_consent.purpose"), texts.text("report_consent.category"),
                 texts.text("report_consent.state"), texts.text("report_consent.from"),
                 texts.text("report_consent.until"), texts.text("report_consent.at")},
                {}};
    for (const ConsentRecord& record : report.records) {
      table.rows.push_back({or_all(texts, record.purpose), or_all(texts, record.category),
                            plain(texts.text("state." + record.state)), plain(record.from),
                            plain(record.until), plain(record.at)});
    }
    section.blocks.push_back(std::move(table));
  }
  if (!report.history.empty()) {
    section.blocks.push_back(Heading{plain(texts.text("report_consent.history")), "history"});
    section.blocks.push_back(history_table(report, texts));
  }
  return section;
}

Table used_table(const SubjectReport& report, const Texts& texts) {
  Table table{texts.text("report_used.caption"), {}, {}};
  for (const char* key : {"application", "role", "purpose", "categories", "statements", "first", "last"})
    table.header.push_back(texts.text(std::string("report_used.") + key));
  for (const UsedBy& used : *report.used_by) {
    table.rows.push_back({plain(used.application), plain(used.role), plain(used.purpose),
                          plain(used.categories), plain(std::to_string(used.statements)), plain(used.first),
                          plain(used.last)});
  }
  return table;
}

Section used_section(const SubjectReport& report, const Texts& texts) {
  Section section{"used", texts.text("section.report_used"), {}};
  if (!report.used_by) {
    section.blocks.push_back(Notice{plain(texts.text("report_used.unknown"))});
  } else if (report.used_by->empty()) {
    section.blocks.push_back(Paragraph{plain(texts.text("report_used.nobody"))});
  } else {
    section.blocks.push_back(used_table(report, texts));
  }
  std::set<std::string> purposes;
  for (const UseNow& use : report.uses) {
    if (use.clear > 0) purposes.insert(use.purpose->name);
  }
  std::vector<Inline> applications, exempt;
  for (const auto& [role, application] : report.policy().applications) {
    const auto& allowed = application.purposes;
    const bool may = std::any_of(allowed.begin(), allowed.end(),
                                 [&](const std::string& purpose) { return purposes.contains(purpose); });
    if (application.exempt) {
      exempt.push_back(label(texts, role, application.description));
    } else if (may) {
      applications.push_back(label(texts, role, application.description));
    }
  }
  if (!applications.empty())
    section.blocks.push_back(
        Paragraph{texts.fill("report_used.may", {{"applications", joined(applications)}})});
  if (!exempt.empty())
    section.blocks.push_back(Paragraph{texts.fill("report_used.exempt", {{"roles", joined(exempt)}})});
  return section;
}

// One row of the page per value: rows of the database are often wider than a page.
Section values_section(const SubjectReport& report, const Texts& texts) {
  Section section{"values", texts.text("section.report_values"), {}};
  for (const HeldTable& held : report.tables) {
    if (held.values.empty()) continue;
    section.blocks.push_back(Heading{label(texts, held.rule->name, held.rule->description), ""});
    Table table{text_of(texts.fill("report_values.caption", {{"table", plain(held.rule->name)}})),
                {texts.text("report_values.row"), texts.text("report_values.column"),
                 texts.text("report_values.value")},
                {}};
    for (std::size_t i = 0; i < held.values.size(); ++i) {
      for (std::size_t j = 0; j < held.columns.size(); ++j) {
        const auto& value = held.values[i].at(j);
        table.rows.push_back({plain(std::to_string(i + 1)), code(held.columns[j].rule->name),
                              plain(value ? *value : texts.text("report_values.empty"))});
      }
    }
    section.blocks.push_back(std::move(table));
  }
  return section;
}

Section about_section(const SubjectReport& report, const Texts& texts) {
  Section section{"about", texts.text("section.controller"), {}};
  const rules::Controller& controller = report.policy().controller;
  std::vector<Inline> parts;
  for (const rules::Description* part : {&controller.name, &controller.address, &controller.contact}) {
    if (!part->empty()) parts.push_back(address(std::string(part->in(texts.language()))));
  }
  section.blocks.push_back(
      Paragraph{parts.empty() ? plain(texts.text("controller.missing")) : joined(parts)});
  if (!report.missing.empty()) {
    section.blocks.push_back(Notice{plain(texts.text("report.incomplete"))});
    List list;
    for (const std::string& what : report.missing) list.items.push_back(plain(what));
    section.blocks.push_back(std::move(list));
  }
  if (!report.has_row) section.blocks.push_back(Notice{plain(texts.text("report.no_own_row"))});
  if (report.restricted) section.blocks.push_back(Notice{plain(texts.text("report.restricted"))});
  if (!report.regime.empty())
    section.blocks.push_back(Paragraph{texts.fill("report.regime", {{"regime", code(report.regime)}})});
  return section;
}

// REQUIRES: there is such a language.
Document document_of(const SubjectReport& report, std::string_view language) {
  const Texts& texts = *Texts::find(language);
  Document document;
  document.language = texts.language();
  document.contents = texts.text("statement.contents");
  document.title =
      text_of(texts.fill("report.title", {{"kind", plain(report.request.kind)}, {"key", plain(report.key)}}));
  document.about =
      texts.fill("report.about", {{"database", plain(report.request.database)},
                                  {"date", plain(report.request.written_at)},
                                  {"rules", code("sha256:" + report.policy().digest.substr(0, 16))}});
  using Write = Section (*)(const SubjectReport&, const Texts&);
  for (Write write :
       {about_section, held_section, uses_section, consent_section, used_section, values_section}) {
    Section section = write(report, texts);
    if (!section.blocks.empty()) document.sections.push_back(std::move(section));
  }
  return document;
}

}  // namespace

std::string to_html(const SubjectReport& report, std::string_view language) {
  return to_html(document_of(report, language));
}

std::string to_markdown(const SubjectReport& report, std::string_view language) {
  return to_markdown(document_of(report, language));
}

}  // namespace pgconsent::openness
