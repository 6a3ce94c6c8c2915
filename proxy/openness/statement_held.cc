// Who is responsible, and what is held.
#include <algorithm>
#include <map>

#include "proxy/openness/statement_sections.h"

namespace pgconsent::openness {

Section controller_section(const Statement& statement, const Texts& texts) {
  Section section{"controller", texts.text("section.controller"), {}};
  const rules::Controller& controller = statement.policy().controller;
  if (controller.name.empty()) {
    section.blocks.push_back(Notice{plain(texts.text("controller.missing"))});
    return section;
  }
  Table table{"", {texts.text("controller.item"), texts.text("controller.value")}, {}};
  const std::pair<const char*, const rules::Description*> entries[] = {
      {"controller.name", &controller.name},
      {"controller.address", &controller.address},
      {"controller.contact", &controller.contact},
      {"controller.representative", &controller.representative},
      {"controller.data_protection_officer", &controller.data_protection_officer},
      {"controller.supervisory_authority", &controller.supervisory_authority},
  };
  for (auto [key, value] : entries) {
    if (!value->empty())
      table.rows.push_back({plain(texts.text(key)), address(std::string(value->in(texts.language())))});
  }
  section.blocks.push_back(std::move(table));
  return section;
}

namespace {

Inline table_words(const Texts& texts, const TableGroup& group) {
  Inline out = label(texts, group.table->rule->name, group.table->rule->description);
  if (group.parts > 0) out += plain(" " + texts.count("held.parts", static_cast<std::int64_t>(group.parts)));
  return out;
}

Inline subjects_words(const Statement& statement, const Texts& texts,
                      const rules::ProtectedRelation& relation) {
  std::vector<Inline> kinds;
  for (const rules::SubjectPath& path : relation.subjects) {
    Inline kind = kind_label(texts, statement.policy(), path.kind);
    // A message of two customers: both columns are of one kind, and that is worth saying once.
    bool known = false;
    for (const Inline& other : kinds) known = known || other.back().text == kind.back().text;
    if (!known) kinds.push_back(std::move(kind));
  }
  if (kinds.empty()) return plain(texts.text("held.no_subject"));
  if (relation.subjects.size() == 1) return kinds.front();
  return texts.fill(relation.all_subjects ? "held.all_of" : "held.any_of", {{"list", joined(kinds)}});
}

// The columns of a category in one table, those with the same mask together.
void add_rows(const Statement& statement, const Texts& texts, const TableGroup& group,
              std::string_view category, Table& out) {
  std::vector<std::pair<Inline, std::vector<Inline>>> by_mask;
  for (const ColumnEntry& column : group.table->columns) {
    if (column.rule->is_public || column.rule->category != category) continue;
    Inline words = mask_words(texts, *column.rule);
    auto same = std::find_if(by_mask.begin(), by_mask.end(), [&](const auto& entry) {
      return std::equal(entry.first.begin(), entry.first.end(), words.begin(), words.end(),
                        [](const Span& a, const Span& b) { return a.kind == b.kind && a.text == b.text; });
    });
    if (same == by_mask.end()) same = by_mask.insert(by_mask.end(), {std::move(words), {}});
    same->second.push_back(code(column.rule->name));
  }
  for (auto& [mask, columns] : by_mask) {
    out.rows.push_back({table_words(texts, group), joined(columns),
                        subjects_words(statement, texts, *group.table->rule), std::move(mask)});
  }
}

Table empty_table(const Texts& texts, std::string caption) {
  return {std::move(caption),
          {texts.text("held.table"), texts.text("held.column"), texts.text("held.subjects"),
           texts.text("held.without_basis")},
          {}};
}

std::string text_of(const Inline& spans) {
  std::string out;
  for (const Span& span : spans) out += span.text;
  return out;
}

}  // namespace

Section held_section(const Statement& statement, const Texts& texts) {
  Section section{"held", texts.text("section.held"), {}};
  section.blocks.push_back(Paragraph{plain(texts.text("held.about"))});
  const std::vector<TableGroup> groups = groups_of(statement);
  for (const std::string& category : categories_of(statement)) {
    Inline title = category_label(texts, statement.policy(), category);
    if (statement.policy().sensitive_categories.contains(category))
      title += plain(" ") + Inline{{Span::Kind::badge, texts.text("held.sensitive")}};
    section.blocks.push_back(Heading{title, "category-" + category});
    Table table = empty_table(texts, text_of(texts.fill("held.caption", {{"category", plain(category)}})));
    for (const TableGroup& group : groups) add_rows(statement, texts, group, category, table);
    section.blocks.push_back(std::move(table));
  }
  Table unnamed = empty_table(texts, texts.text("held.unnamed"));
  for (const TableGroup& group : groups) add_rows(statement, texts, group, "", unnamed);
  if (!unnamed.rows.empty()) {
    section.blocks.push_back(Heading{plain(texts.text("held.unnamed")), "no-category"});
    section.blocks.push_back(Paragraph{plain(texts.text("held.unnamed_about"))});
    section.blocks.push_back(std::move(unnamed));
  }
  Table open{texts.text("held.public"), {texts.text("held.table"), texts.text("held.public_columns")}, {}};
  for (const TableGroup& group : groups) {
    std::vector<Inline> columns;
    for (const ColumnEntry& column : group.table->columns) {
      if (column.rule->is_public) columns.push_back(code(column.rule->name));
    }
    if (!columns.empty()) open.rows.push_back({table_words(texts, group), joined(columns)});
  }
  if (!open.rows.empty()) {
    section.blocks.push_back(Heading{plain(texts.text("held.public")), "public"});
    section.blocks.push_back(Paragraph{plain(texts.text("held.public_about"))});
    section.blocks.push_back(std::move(open));
  }
  return section;
}

}  // namespace pgconsent::openness
