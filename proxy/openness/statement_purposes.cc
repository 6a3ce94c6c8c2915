// What the data are used for, on which basis, and by which applications.
#include <algorithm>

#include "proxy/openness/statement_sections.h"

namespace pgconsent::openness {

using rules::Clearance;

std::vector<BasisUse> bases_of(const rules::CategoryBases& bases) {
  std::vector<BasisUse> out;
  for (const rules::ListedBasis& listed : bases.bases) out.push_back({&listed, std::nullopt});
  for (const auto& [regime, alternative] : bases.by_regime) {
    for (const rules::ListedBasis& listed : alternative) out.push_back({&listed, regime});
  }
  return out;
}

CategoryUse use_of_category(const Statement& statement, std::size_t purpose, std::string_view category) {
  CategoryUse out;
  std::vector<std::string> never;
  for (const TableEntry& table : statement.tables) {
    bool has = false, used = false;
    for (const ColumnEntry& column : table.columns) {
      if (column.rule->is_public || column.rule->category != category) continue;
      has = true;
      const Clearance clearance = column.uses[purpose].clearance;
      used = used || clearance != Clearance::never;
      if (clearance == Clearance::by_row) out.for_everybody = false;
      if (clearance != Clearance::never && out.best != Clearance::always) out.best = clearance;
    }
    out.found = out.found || has;
    // Where there are no rows at all another sentence says so.
    if (has && !used && table.rows[purpose] != Clearance::never) never.push_back(table.rule->name);
  }
  if (out.best != Clearance::never) out.except = std::move(never);
  return out;
}

bool consent_may_expire(const rules::Policy& policy) {
  return std::any_of(policy.subjects.begin(), policy.subjects.end(), [](const auto& entry) {
    const auto& consent = entry.second.consent;
    return consent && (consent->kind == rules::ConsentSource::Kind::builtin || consent->valid_until);
  });
}

namespace {

std::vector<Inline> purpose_names(const std::vector<std::string>& names) {
  std::vector<Inline> out;
  for (const std::string& name : names) out.push_back(code(name));
  return out;
}

std::vector<std::string> applications_of(const rules::Policy& policy, const std::string& purpose) {
  std::vector<std::string> roles;
  for (const auto& [role, application] : policy.applications) {
    const auto& allowed = application.purposes;
    if (!application.exempt && std::find(allowed.begin(), allowed.end(), purpose) != allowed.end())
      roles.push_back(role);
  }
  return roles;
}

void about_purpose(const Statement& statement, const Texts& texts, const rules::Purpose& purpose,
                   Section& out) {
  if (!purpose.wider.empty())
    out.blocks.push_back(
        Paragraph{texts.fill("purpose.narrows", {{"purposes", joined(purpose_names(purpose.wider))}})});
  std::vector<std::string> narrower;
  for (const rules::Purpose* other : statement.purposes) {
    if (std::find(other->wider.begin(), other->wider.end(), purpose.name) != other->wider.end())
      narrower.push_back(other->name);
  }
  if (!narrower.empty())
    out.blocks.push_back(
        Paragraph{texts.fill("purpose.wider_than", {{"purposes", joined(purpose_names(narrower))}})});
  const std::vector<std::string> roles = applications_of(statement.policy(), purpose.name);
  out.blocks.push_back(Paragraph{
      roles.empty() ? plain(texts.text("purpose.used_by_nobody"))
                    : texts.fill("purpose.used_by", {{"applications", joined(purpose_names(roles))}})});
  if (purpose.under_restriction)
    out.blocks.push_back(Paragraph{plain(texts.text("purpose.under_restriction"))});
}

Inline with_regime(const Texts& texts, const BasisUse& use, Inline words) {
  if (!use.regime) return words;
  return words + plain(", ") +
         texts.fill("basis.under",
                    {{"regime", plain(texts.text("regime." + std::string(rules::to_string(*use.regime))))}});
}

const char* for_whom(const CategoryUse& use, const rules::ListedBasis& listed, bool under_restriction) {
  if (use.for_everybody) return "for_whom.always";
  const bool declared = listed.by_declaration() && listed.when.empty() && listed.until.empty();
  if (!declared) return "for_whom.by_row";
  return under_restriction ? "for_whom.declared_always" : "for_whom.declared";
}

// The bases that decide. Where one holds by declaration for every row, the others do not matter.
void add_uses(const Statement& statement, const Texts& texts, const rules::Purpose& purpose,
              const std::string& category, const CategoryUse& use, Table& out) {
  const rules::Policy& policy = statement.policy();
  const bool sensitive = policy.sensitive_categories.contains(category);
  for (const BasisUse& basis : bases_of(purpose.lawful_basis.find(category)->second)) {
    out.rows.push_back({category_label(texts, policy, category),
                        with_regime(texts, basis, basis_words(texts, *basis.listed, basis.regime, sensitive)),
                        condition_words(texts, *basis.listed),
                        until_words(texts, *basis.listed, consent_may_expire(policy)),
                        plain(texts.text(for_whom(use, *basis.listed, purpose.under_restriction)))});
  }
}

// Tables of which rows, columns of which queries are left out.
void add_exceptions(const Statement& statement, const Texts& texts, std::size_t purpose,
                    const std::vector<std::string>& except, Section& out) {
  auto add = [&](std::string_view key, std::string_view name, const std::vector<std::string>& names) {
    if (!names.empty())
      out.blocks.push_back(Paragraph{texts.fill(key, {{name, joined(purpose_names(names))}})});
  };
  std::vector<std::string> hidden, none, refused;
  for (const TableEntry& table : statement.tables) {
    if (table.rows[purpose] == Clearance::by_row) hidden.push_back(table.rule->name);
    if (table.rows[purpose] == Clearance::never) none.push_back(table.rule->name);
    for (const ColumnEntry& column : table.columns) {
      if (column.uses[purpose].refused) refused.push_back(table.rule->name + "." + column.rule->name);
    }
  }
  add("purpose.except", "tables", except);
  add("purpose.hidden_rows", "tables", hidden);
  add("purpose.no_rows", "tables", none);
  add("purpose.refused", "columns", refused);
}

void add_purpose(const Statement& statement, const Texts& texts, std::size_t index, Section& out) {
  const rules::Purpose& purpose = *statement.purposes[index];
  out.blocks.push_back(Heading{label(texts, purpose.name, purpose.description), "purpose-" + purpose.name});
  about_purpose(statement, texts, purpose, out);
  std::string caption;
  for (const Span& span : texts.fill("purpose.caption", {{"purpose", plain(purpose.name)}}))
    caption += span.text;
  Table table{caption,
              {texts.text("purpose.category"), texts.text("purpose.basis"), texts.text("purpose.condition"),
               texts.text("purpose.until"), texts.text("purpose.for_whom")},
              {}};
  std::vector<Inline> unused;
  std::vector<std::string> except;
  for (const std::string& category : categories_of(statement)) {
    const CategoryUse use = use_of_category(statement, index, category);
    if (use.best == Clearance::never) {
      unused.push_back(category_label(texts, statement.policy(), category));
    } else {
      add_uses(statement, texts, purpose, category, use, table);
      except.insert(except.end(), use.except.begin(), use.except.end());
    }
  }
  std::sort(except.begin(), except.end());
  except.erase(std::unique(except.begin(), except.end()), except.end());
  if (table.rows.empty()) {
    out.blocks.push_back(Paragraph{plain(texts.text("purpose.nothing"))});
  } else {
    out.blocks.push_back(std::move(table));
  }
  if (!unused.empty())
    out.blocks.push_back(Paragraph{texts.fill("purpose.not_used", {{"categories", joined(unused)}})});
  add_exceptions(statement, texts, index, except, out);
}

}  // namespace

Section purposes_section(const Statement& statement, const Texts& texts) {
  Section section{"purposes", texts.text("section.purposes"), {}};
  if (statement.purposes.empty()) section.blocks.push_back(Paragraph{plain(texts.text("purposes.none"))});
  for (std::size_t i = 0; i < statement.purposes.size(); ++i) add_purpose(statement, texts, i, section);
  return section;
}

Section applications_section(const Statement& statement, const Texts& texts) {
  Section section{"applications", texts.text("section.applications"), {}};
  const rules::Policy& policy = statement.policy();
  Table table{texts.text("applications.caption"),
              {texts.text("applications.role"), texts.text("applications.purposes")},
              {}};
  std::vector<Inline> exempt;
  for (const auto& [role, application] : policy.applications) {
    const Inline name = label(texts, role, application.description);
    if (application.exempt) {
      exempt.push_back(name);
    } else {
      table.rows.push_back({name, joined(purpose_names(application.purposes))});
    }
  }
  if (table.rows.empty()) {
    section.blocks.push_back(Paragraph{plain(texts.text("applications.none"))});
  } else {
    section.blocks.push_back(std::move(table));
    section.blocks.push_back(Paragraph{plain(texts.text("applications.others"))});
  }
  if (!exempt.empty()) {
    section.blocks.push_back(Heading{plain(texts.text("applications.exempt")), "exempt"});
    section.blocks.push_back(Notice{texts.fill("applications.exempt_about", {{"roles", joined(exempt)}})});
  }
  return section;
}

}  // namespace pgconsent::openness
