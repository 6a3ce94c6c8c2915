// This subject's rows: how many there are, what they hold, and which of them each purpose may use.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "proxy/enforce/guard.h"
#include "proxy/openness/report_parts.h"
#include "proxy/openness/statement_sections.h"

namespace pgconsent::openness {

namespace {

using enforce::Guard;
using rules::Clearance;
using rules::ProtectedColumn;
using rules::ProtectedRelation;
using rules::Purpose;

std::int64_t number(const Answer& answer, std::size_t column) {
  std::int64_t out = 0;
  const std::string text = answer.rows.empty() ? "" : answer.rows[0].at(column).value_or("0");
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

bool concerns(const ProtectedRelation& relation, const std::string& kind) {
  return std::any_of(relation.subjects.begin(), relation.subjects.end(),
                     [&](const rules::SubjectPath& path) { return path.kind == kind; });
}

// Children and partitions are asked by themselves: ONLY. Call it last: it takes the joins that were asked
// for.
std::string from_subject(const SubjectReport& report, const ProtectedRelation& relation, Guard& guard) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < relation.subjects.size(); ++i) {
    if (relation.subjects[i].kind == report.request.kind)
      keys.push_back(enforce::equal_sql(guard.subject_key(i), parser::quote_literal(report.key)));
  }
  const parser::Relation& table = *report.request.generation->catalog().relation(relation.oid);
  return fmt::format(" FROM ONLY {} t{} WHERE {}", enforce::relation_sql(table), guard.joins(),
                     enforce::any_of(keys));
}

std::string raw(const ProtectedColumn& column) {
  return "t." + parser::quote_identifier(column.name);
}

HeldTable& table_of(SubjectReport& report, const ProtectedRelation& relation) {
  const ProtectedRelation* declared = report.policy().relation(relation.declared);
  if (declared == nullptr) declared = &relation;
  for (HeldTable& table : report.tables) {
    if (table.rule == declared) return table;
  }
  HeldTable& table = report.tables.emplace_back();
  table.rule = declared;
  table.shared = declared->subjects.size() > 1;
  for (const ProtectedColumn& column : declared->columns) table.columns.push_back({&column, 0});
  return table;
}

void read_table(SubjectReport& report, const ProtectedRelation& relation, const Ask& ask) {
  const Purpose none;
  Guard guard(*report.request.generation, relation, none, Guard::Form::join);
  const std::string from = from_subject(report, relation, guard);
  std::string counts, values;
  for (const ProtectedColumn& column : relation.columns) {
    counts += fmt::format(", pg_catalog.count({})", raw(column));
    values += fmt::format("{}CAST({} AS pg_catalog.text)", values.empty() ? "" : ", ", raw(column));
  }
  const Answer counted = ask("SELECT pg_catalog.count(*)" + counts + from);
  if (counted.sqlstate == "22003") return;  // a key beyond the column's type is in no row
  if (!counted.error.empty()) return note_missing(report, relation.name, counted);
  const std::int64_t rows = number(counted, 0);
  if (rows == 0) return;
  report.rows_of[relation.oid] = rows;
  HeldTable& table = table_of(report, relation);
  table.rows += rows;
  std::vector<std::size_t> places;  // a child has its parent's columns, perhaps in another order, and more
  for (std::size_t i = 0; i < relation.columns.size(); ++i) {
    auto held = std::find_if(table.columns.begin(), table.columns.end(), [&](const HeldColumn& each) {
      return each.rule->name == relation.columns[i].name;
    });
    if (held == table.columns.end()) held = table.columns.insert(held, {&relation.columns[i], 0});
    held->rows += number(counted, i + 1);
    places.push_back(static_cast<std::size_t>(held - table.columns.begin()));
  }
  if (!report.request.values || values.empty()) return;
  const Answer shown = ask("SELECT " + values + from);
  if (!shown.error.empty()) return note_missing(report, relation.name, shown);
  for (const Answer::Row& row : shown.rows) {
    Answer::Row& out = table.values.emplace_back(table.columns.size());
    for (std::size_t i = 0; i < places.size(); ++i) out.at(places[i]) = row.at(i);
  }
}

UseNow& use_of(SubjectReport& report, const Purpose& purpose, const std::string& category) {
  for (UseNow& use : report.uses) {
    if (use.purpose == &purpose && use.category == category) return use;
  }
  UseNow& use = report.uses.emplace_back();
  use.purpose = &purpose;
  use.category = category;
  if (auto listed = purpose.lawful_basis.find(category); listed != purpose.lawful_basis.end()) {
    for (const BasisUse& basis : bases_of(listed->second))
      use.bases.push_back({basis.listed, basis.regime, 0});
  }
  return use;
}

std::map<std::string, std::vector<std::string>> categories_of(const ProtectedRelation& relation) {
  std::map<std::string, std::vector<std::string>> out;  // with "column IS NOT NULL"
  for (const ProtectedColumn& column : relation.columns) {
    if (!column.is_public && !column.category.empty())
      out[column.category].push_back(raw(column) + " IS NOT NULL");
  }
  return out;
}

std::string count_where(const std::vector<std::string>& conditions) {
  return fmt::format("pg_catalog.count(*) FILTER (WHERE {})", enforce::all_of(conditions));
}

// The purpose as if it rested on this basis alone.
Purpose only(const Purpose& purpose, const std::string& category, const BasisNow& basis) {
  Purpose out = purpose;
  out.lawful_basis.clear();
  rules::CategoryBases& bases = out.lawful_basis[category];
  if (!basis.regime) {
    bases.bases = {*basis.listed};
    return out;
  }
  for (const auto& [regime, listed] : purpose.lawful_basis.find(category)->second.by_regime)
    bases.by_regime[regime] = {};
  bases.by_regime[*basis.regime] = {*basis.listed};
  return out;
}

void read_bases(SubjectReport& report, const ProtectedRelation& relation, UseNow& use,
                const std::vector<std::string>& holds, const Ask& ask) {
  for (BasisNow& basis : use.bases) {
    const Purpose purpose = only(*use.purpose, use.category, basis);
    Guard guard(*report.request.generation, relation, purpose, Guard::Form::join);
    const std::string count =
        count_where({enforce::any_of(holds), "(" + guard.condition(use.category) + ")"});
    const Answer answer = ask("SELECT " + count + from_subject(report, relation, guard));
    if (!answer.error.empty()) return note_missing(report, relation.name + ", " + use.purpose->name, answer);
    basis.rows += number(answer, 0);
  }
}

std::string clear_sql(const SubjectReport& report, const ProtectedRelation& relation, const Purpose& purpose,
                      const std::string& category, Guard& guard) {
  switch (rules::decide(report.policy(), relation, &purpose, category).clearance) {
    case Clearance::never:
      return "FALSE";
    case Clearance::always:
      return "TRUE";
    case Clearance::by_row:
      return "(" + guard.condition(category) + ")";
  }
  return "FALSE";
}

// Rows that `without_basis: hide_row` leaves out are of no use to anybody.
std::vector<std::string> rows_shown(const SubjectReport& report, const ProtectedRelation& relation,
                                    const Purpose& purpose, Guard& guard) {
  std::vector<std::string> out;
  for (const ProtectedColumn& column : relation.columns) {
    if (!column.is_public && column.without_basis == rules::WithoutBasis::hide_row)
      out.push_back(clear_sql(report, relation, purpose, column.category, guard));
  }
  return out;
}

void read_purpose(SubjectReport& report, const ProtectedRelation& relation, const Purpose& purpose,
                  const Ask& ask) {
  const auto categories = categories_of(relation);
  Guard guard(*report.request.generation, relation, purpose, Guard::Form::join);
  std::string list;
  const std::vector<std::string> shown = rows_shown(report, relation, purpose, guard);
  for (const auto& [category, holds] : categories) {
    std::vector<std::string> clear = shown;
    clear.insert(clear.begin(),
                 {enforce::any_of(holds), clear_sql(report, relation, purpose, category, guard)});
    list += fmt::format("{}{}, {}", list.empty() ? "" : ", ", count_where({enforce::any_of(holds)}),
                        count_where(clear));
  }
  if (list.empty()) return;
  const Answer answer = ask("SELECT " + list + from_subject(report, relation, guard));
  if (!answer.error.empty()) return note_missing(report, relation.name + ", " + purpose.name, answer);
  std::size_t at = 0;
  for (const auto& [category, holds] : categories) {
    const std::int64_t rows = number(answer, at), clear = number(answer, at + 1);
    at += 2;
    if (rows == 0) continue;
    UseNow& use = use_of(report, purpose, category);
    use.rows += rows;
    use.clear += clear;
    use.shared = use.shared || relation.subjects.size() > 1;
    use.hidden = use.hidden || !shown.empty();
    if (clear > 0) read_bases(report, relation, use, holds, ask);
  }
}

// By name, so that reports can be compared.
std::vector<const ProtectedRelation*> relations_of(const SubjectReport& report) {
  std::vector<const ProtectedRelation*> out;
  for (const auto& [oid, relation] : report.policy().relations) {
    if (concerns(relation, report.request.kind)) out.push_back(&relation);
  }
  std::sort(out.begin(), out.end(),
            [](const ProtectedRelation* a, const ProtectedRelation* b) { return a->name < b->name; });
  return out;
}

}  // namespace

void read_tables(SubjectReport& report, const Ask& ask) {
  for (const ProtectedRelation* relation : relations_of(report)) read_table(report, *relation, ask);
  for (HeldTable& table : report.tables) {
    for (Answer::Row& row : table.values) row.resize(table.columns.size());
  }
  std::sort(report.tables.begin(), report.tables.end(),
            [](const HeldTable& a, const HeldTable& b) { return a.rule->name < b.rule->name; });
}

void read_uses(SubjectReport& report, const Ask& ask) {
  for (const auto& [name, purpose] : report.policy().purposes) {
    for (const ProtectedRelation* relation : relations_of(report)) {
      if (report.rows_of.contains(relation->oid)) read_purpose(report, *relation, purpose, ask);
    }
  }
  std::sort(report.uses.begin(), report.uses.end(), [](const UseNow& a, const UseNow& b) {
    return std::tie(a.purpose->name, a.category) < std::tie(b.purpose->name, b.category);
  });
}

}  // namespace pgconsent::openness
