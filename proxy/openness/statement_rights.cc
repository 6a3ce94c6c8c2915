// What the persons concerned can do, and what depends on who they are.
#include <algorithm>
#include <functional>
#include <set>

#include "proxy/openness/statement_sections.h"

namespace pgconsent::openness {

using rules::Clearance;
using rules::ConsentSource;
using rules::LawfulBasis;
using rules::Regime;

namespace {

using Matches = std::function<bool(const BasisUse&)>;

// "marketing (contact, identity), …": where a basis that matches may decide.
Inline uses_where(const Statement& statement, const Matches& matches) {
  std::vector<Inline> out;
  for (std::size_t i = 0; i < statement.purposes.size(); ++i) {
    std::vector<Inline> categories;
    for (const auto& [category, listed] : statement.purposes[i]->lawful_basis) {
      const std::vector<BasisUse> bases = bases_of(listed);
      if (use_of_category(statement, i, category).best != Clearance::never &&
          std::any_of(bases.begin(), bases.end(), matches))
        categories.push_back(code(category));
    }
    if (!categories.empty())
      out.push_back(code(statement.purposes[i]->name) + plain(" (") + joined(categories) + plain(")"));
  }
  return joined(out);
}

Matches rests_on(std::initializer_list<LawfulBasis> bases) {
  return [bases = std::set<LawfulBasis>(bases)](const BasisUse& use) {
    return bases.contains(use.listed->basis);
  };
}

Matches under(Regime regime) {
  return [regime](const BasisUse& use) { return use.regime == regime; };
}

Inline restriction_words(const Statement& statement, const Texts& texts) {
  const rules::Policy& policy = statement.policy();
  const bool everywhere = std::all_of(policy.subjects.begin(), policy.subjects.end(), [](const auto& entry) {
    return entry.second.consent && entry.second.consent->tells_restriction();
  });
  if (!everywhere) return plain(texts.text("rights.restrict_manual"));
  std::vector<Inline> except;
  for (const rules::Purpose* purpose : statement.purposes) {
    if (purpose->under_restriction) except.push_back(code(purpose->name));
  }
  if (except.empty()) return plain(texts.text("rights.restrict_how"));
  return texts.fill("rights.restrict_how_except", {{"purposes", joined(except)}});
}

}  // namespace

Section rights_section(const Statement& statement, const Texts& texts) {
  Section section{"rights", texts.text("section.rights"), {}};
  section.blocks.push_back(Paragraph{plain(texts.text("rights.about"))});
  Table table{texts.text("rights.caption"),
              {texts.text("rights.right"), texts.text("rights.where"), texts.text("rights.how")},
              {}};
  auto add = [&](const char* right, Inline where, Inline how) {
    if (!where.empty()) table.rows.push_back({strong(texts.text(right)), std::move(where), std::move(how)});
  };
  const Inline everything = plain(texts.text("rights.everything"));
  auto words = [&](const char* key) { return plain(texts.text(key)); };
  const Inline kept =
      uses_where(statement, rests_on({LawfulBasis::legal_obligation, LawfulBasis::public_task}));
  add("rights.withdraw", uses_where(statement, rests_on({LawfulBasis::consent})),
      words("rights.withdraw_how"));
  add("rights.object", uses_where(statement, rests_on({LawfulBasis::legitimate_interests})),
      words("rights.object_how"));
  add("rights.object_task", uses_where(statement, rests_on({LawfulBasis::public_task})),
      words("rights.object_task_how"));
  add("rights.restrict", everything, restriction_words(statement, texts));
  add("rights.access", everything, words("rights.access_how"));
  add("rights.rectify", everything, words("rights.rectify_how"));
  add("rights.erase", everything, words(kept.empty() ? "rights.erase_how" : "rights.erase_how_except"));
  add("rights.port", uses_where(statement, rests_on({LawfulBasis::consent, LawfulBasis::contract})),
      words("rights.port_how"));
  add("rights.opt_out", uses_where(statement, under(Regime::ccpa)), words("rights.object_how"));
  add("rights.lgpd", uses_where(statement, under(Regime::lgpd)), words("rights.lgpd_how"));
  add("rights.complain", everything, words("rights.complain_how"));
  section.blocks.push_back(std::move(table));
  return section;
}

Section sensitive_section(const Statement& statement, const Texts& texts) {
  Section section{"sensitive", texts.text("section.sensitive"), {}};
  const rules::Policy& policy = statement.policy();
  Table table{texts.text("sensitive.caption"),
              {texts.text("purpose.category"), texts.text("sensitive.purpose"), texts.text("purpose.basis")},
              {}};
  for (const std::string& category : categories_of(statement)) {
    if (!policy.sensitive_categories.contains(category)) continue;
    const std::size_t before = table.rows.size();
    for (std::size_t i = 0; i < statement.purposes.size(); ++i) {
      if (use_of_category(statement, i, category).best == Clearance::never) continue;
      for (const BasisUse& use : bases_of(statement.purposes[i]->lawful_basis.find(category)->second)) {
        table.rows.push_back({category_label(texts, policy, category),
                              purpose_label(texts, policy, statement.purposes[i]->name),
                              basis_words(texts, *use.listed, use.regime, true)});
      }
    }
    if (table.rows.size() == before)
      table.rows.push_back(
          {category_label(texts, policy, category), plain(texts.text("sensitive.none")), plain("")});
  }
  if (table.rows.empty()) return section;
  section.blocks.push_back(Paragraph{plain(texts.text("sensitive.about"))});
  section.blocks.push_back(std::move(table));
  return section;
}

Section regimes_section(const Statement& statement, const Texts& texts) {
  Section section{"regimes", texts.text("section.regimes"), {}};
  const rules::Policy& policy = statement.policy();
  for (const auto& [name, kind] : policy.subjects) {
    const parser::Relation* relation = statement.generation->catalog().relation(kind.relation);
    if (!kind.regime || relation == nullptr) continue;
    const std::string column =
        relation->schema + "." + relation->name + "." + relation->column(*kind.regime)->name;
    section.blocks.push_back(Paragraph{
        texts.fill("regimes.about", {{"kind", kind_label(texts, policy, name)}, {"column", code(column)}})});
  }
  Table table{texts.text("regimes.caption"),
              {texts.text("section.regimes"), texts.text("sensitive.purpose"), texts.text("purpose.category"),
               texts.text("purpose.basis")},
              {}};
  for (const rules::Purpose* purpose : statement.purposes) {
    for (const auto& [category, listed] : purpose->lawful_basis) {
      for (const BasisUse& use : bases_of(listed)) {
        if (!use.regime) continue;
        table.rows.push_back(
            {plain(texts.text("regime." + std::string(rules::to_string(*use.regime)))),
             purpose_label(texts, policy, purpose->name), category_label(texts, policy, category),
             basis_words(texts, *use.listed, use.regime, policy.sensitive_categories.contains(category))});
      }
    }
  }
  if (table.rows.empty()) section.blocks.clear();
  if (!table.rows.empty()) section.blocks.push_back(std::move(table));
  return section;
}

Section sources_section(const Statement& statement, const Texts& texts) {
  Section section{"sources", texts.text("section.sources"), {}};
  const rules::Policy& policy = statement.policy();
  Table table{texts.text("sources.caption"),
              {texts.text("sources.kind"), texts.text("sources.place"), texts.text("sources.objection"),
               texts.text("sources.restriction")},
              {}};
  auto told = [&](bool yes) { return plain(texts.text(yes ? "sources.recorded" : "sources.not_recorded")); };
  for (const auto& [name, kind] : policy.subjects) {
    Inline place = plain(texts.text("sources.nowhere"));
    if (kind.consent) {
      const parser::Relation* relation = statement.generation->catalog().relation(kind.consent->relation);
      const Inline where = code(relation == nullptr ? "?" : relation->schema + "." + relation->name);
      switch (kind.consent->kind) {
        case ConsentSource::Kind::builtin:
          place = plain(texts.text("sources.builtin"));
          break;
        case ConsentSource::Kind::table:
          place = texts.fill("sources.table", {{"table", where}});
          break;
        case ConsentSource::Kind::column:
          place = texts.fill("sources.column", {{"table", where}});
          break;
      }
    }
    table.rows.push_back({kind_label(texts, policy, name), std::move(place),
                          told(kind.consent && kind.consent->tells_objections()),
                          told(kind.consent && kind.consent->tells_restriction())});
  }
  if (!table.rows.empty()) section.blocks.push_back(std::move(table));
  return section;
}

Section limits_section(const Statement& statement, const Texts& texts) {
  Section section{"limits", texts.text("section.limits"), {}};
  const rules::Policy& policy = statement.policy();
  List list;
  list.items.push_back(plain(
      texts.text(policy.refuse_unlisted_tables ? "limits.unlisted_refused" : "limits.unlisted_allowed")));
  std::vector<Inline> functions, overwritten;
  for (const std::string& function : statement.trusted_functions) functions.push_back(code(function));
  if (!functions.empty())
    list.items.push_back(texts.fill("limits.functions", {{"functions", joined(functions)}}));
  for (const TableGroup& group : groups_of(statement)) {
    for (const ColumnEntry& column : group.table->columns) {
      if (column.rule->write_allowed)
        overwritten.push_back(code(group.table->rule->name + "." + column.rule->name));
    }
  }
  if (!overwritten.empty())
    list.items.push_back(texts.fill("limits.overwrite", {{"columns", joined(overwritten)}}));
  list.items.push_back(plain(texts.text("limits.proxy")));
  section.blocks.push_back(std::move(list));
  return section;
}

}  // namespace pgconsent::openness
