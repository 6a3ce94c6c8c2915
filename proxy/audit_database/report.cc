#include "proxy/audit_database/report.h"

#include <algorithm>
#include <tuple>

namespace pgconsent::audit_database {

namespace {

using Key = std::vector<std::string>;

// Statements (and rows) summed by a key, the most frequent first.
class Sums {
 public:
  void add(Key key, const Total& total) {
    auto& [statements, rows] = sums_[std::move(key)];
    statements += total.records;
    rows += total.rows;
  }
  std::vector<std::vector<std::string>> table(bool with_rows) const {
    std::vector<std::pair<Key, std::pair<std::uint64_t, std::uint64_t>>> sorted(sums_.begin(), sums_.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.second.first > b.second.first; });
    std::vector<std::vector<std::string>> out;
    for (auto& [key, sum] : sorted) {
      out.push_back(std::move(key));
      out.back().push_back(std::to_string(sum.first));
      if (with_rows) out.back().push_back(std::to_string(sum.second));
    }
    return out;
  }

 private:
  std::map<Key, std::pair<std::uint64_t, std::uint64_t>> sums_;
};

void add_period(Report& report, const Period& period) {
  report.facts.emplace_back("from", period.since.empty() ? "the beginning" : period.since);
  report.facts.emplace_back("until", period.until.empty() ? "now" : period.until);
}

ResultTable new_statements(const std::vector<Total>& totals, const Period& period) {
  ResultTable table{
      "new_statements",
      "Statements seen for the first time",
      {"first seen", "fingerprint", "role", "application", "decision", "statement", "statements"},
      {}};
  Sums sums;
  for (const Total& total : totals) {
    if (total.fingerprint_since < period.since) continue;
    const Shape& s = total.shape;
    sums.add({total.fingerprint_since, s.fingerprint, s.role, s.application, s.decision, s.statement}, total);
  }
  table.rows = sums.table(false);
  std::sort(table.rows.begin(), table.rows.end());
  return table;
}

}  // namespace

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& text : list) out.append(out.empty() ? "" : ", ").append(text);
  return out;
}

namespace {

// Of "schema.table.column: category: bases"; in the names of columns there may be colons, too.
std::string category_of(const std::string& basis) {
  const std::string named = basis.substr(0, basis.rfind(": "));
  const std::size_t at = named.rfind(": ");
  return at == std::string::npos ? named : named.substr(at + 2);
}

}  // namespace

std::string categories(const std::vector<std::string>& basis) {
  std::set<std::string> found;
  for (const std::string& text : basis) found.insert(category_of(text));
  return joined({found.begin(), found.end()});
}

Report period_report(const std::vector<Total>& totals, const Period& period) {
  Report report{"Audit report", {}, {}, {}, {}};
  add_period(report, period);
  std::uint64_t statements = 0, rows = 0, cells = 0;
  Sums decided, refused, masked, purposes, exempt;
  for (const Total& total : totals) {
    const Shape& s = total.shape;
    statements += total.records;
    rows += total.rows;
    cells += total.cells_masked;
    decided.add({s.decision}, total);
    if (s.decision == "refused") refused.add({s.reason, s.role, s.application}, total);
    if (s.decision == "exempt") exempt.add({s.role, s.application, joined(s.tables)}, total);
    if (!s.purpose.empty()) purposes.add({s.purpose, s.purpose_source, s.role, s.application}, total);
    if (s.decision != "masked") continue;
    for (const std::string& column : s.columns) masked.add({s.application, s.role, column}, total);
  }
  report.facts.emplace_back("statements", std::to_string(statements));
  report.facts.emplace_back("rows", std::to_string(rows));
  report.facts.emplace_back("cells masked", std::to_string(cells));
  report.tables.push_back(
      {"decisions", "Decisions", {"decision", "statements", "rows"}, decided.table(true)});
  report.tables.push_back({"refusals",
                           "Refusals by reason",
                           {"reason", "role", "application", "statements"},
                           refused.table(false)});
  report.tables.push_back({"masked_columns",
                           "Masked columns by application",
                           {"application", "role", "column", "statements", "rows"},
                           masked.table(true)});
  report.tables.push_back({"purposes",
                           "Purposes used",
                           {"purpose", "chosen by", "role", "application", "statements", "rows"},
                           purposes.table(true)});
  report.tables.push_back({"exempt",
                           "Exempt access",
                           {"role", "application", "tables", "statements", "rows"},
                           exempt.table(true)});
  report.tables.push_back(new_statements(totals, period));
  return report;
}

namespace {

// What one person's data went out as.
struct Affected {
  std::set<std::string> categories, purposes, columns;
  std::uint64_t shapes = 0;
};
using AffectedByNumber = std::map<std::uint32_t, Affected>;

std::string joined(const std::set<std::string>& set) {
  return audit_database::joined({set.begin(), set.end()});
}

ResultTable affected_table(const std::map<std::string, AffectedByNumber>& kinds, const SubjectName& name,
                           std::uint64_t& nameless) {
  ResultTable table{
      "subjects", "Subjects to be notified", {"kind", "subject", "categories", "purposes", "columns"}, {}};
  for (const auto& [kind, numbers] : kinds) {
    for (const auto& [number, affected] : numbers) {
      std::string key = name(kind, number);
      nameless += key.empty() ? 1 : 0;
      table.rows.push_back({kind, std::move(key), joined(affected.categories), joined(affected.purposes),
                            joined(affected.columns)});
    }
  }
  std::stable_sort(table.rows.begin(), table.rows.end(),
                   [](const auto& a, const auto& b) { return std::tie(a[0], a[1]) < std::tie(b[0], b[1]); });
  return table;
}

void add_doubts(Report& report, std::vector<std::string> doubts) {
  report.notices.insert(report.notices.end(), doubts.begin(), doubts.end());
  report.doubts = std::move(doubts);
}

}  // namespace

std::vector<std::string> doubts_of(const std::vector<Total>& totals, const std::string& kind) {
  std::uint64_t silent = 0;
  std::set<std::string> unknown;
  for (const Total& total : totals) {
    if (total.shape.decision == "refused") continue;  // nothing went out
    silent += total.records - std::min(total.records, total.subjects_recorded);
    unknown.insert(total.subjects_unknown.begin(), total.subjects_unknown.end());
  }
  if (!kind.empty()) std::erase_if(unknown, [&](const std::string& each) { return each != kind; });
  std::vector<std::string> out;
  if (silent > 0)
    out.push_back("Of " + std::to_string(silent) + " statements it is not recorded whose data they showed.");
  if (!unknown.empty())
    out.push_back(kind.empty()
                      ? "There may be more subjects of these kinds: " + joined(unknown) + "."
                      : "Other statements may have shown this person, too: of which subjects of the kind " +
                            kind + " they showed data is not known of all of them.");
  return out;
}

Report breach_report(const std::vector<Total>& totals, const Filter& filter, const SubjectName& name) {
  Report report{"Whose data went out", {}, {}, {}, {}};
  add_period(report, {filter.since, filter.until});
  if (!filter.role.empty()) report.facts.emplace_back("role", filter.role);
  if (!filter.application.empty()) report.facts.emplace_back("application", filter.application);
  std::map<std::string, AffectedByNumber> kinds;
  std::map<std::string, std::map<std::string, SubjectSet>> by_category;  // kind, category
  std::uint64_t statements = 0;
  for (const Total& total : totals) {
    const Shape& s = total.shape;
    if (s.decision == "refused") continue;  // nothing went out
    statements += total.records;
    for (const auto& [kind, set] : total.subjects) {
      for (const std::string& basis : s.basis) by_category[kind][category_of(basis)].add(set.numbers());
      for (std::uint32_t number : set.numbers()) {
        Affected& affected = kinds[kind][number];
        for (const std::string& basis : s.basis) affected.categories.insert(category_of(basis));
        affected.purposes.insert(s.purpose);
        affected.columns.insert(s.columns.begin(), s.columns.end());
      }
    }
  }
  report.facts.emplace_back("statements", std::to_string(statements));
  ResultTable counts{"categories", "Subjects by category", {"kind", "category", "subjects"}, {}};
  for (const auto& [kind, of_kind] : by_category) {
    for (const auto& [category, set] : of_kind)
      counts.rows.push_back({kind, category, std::to_string(set.size())});
  }
  for (const auto& [kind, numbers] : kinds)
    report.facts.emplace_back("subjects: " + kind, std::to_string(numbers.size()));
  if (kinds.empty()) report.facts.emplace_back("subjects", "0");
  add_doubts(report, doubts_of(totals));
  std::uint64_t nameless = 0;
  ResultTable affected = affected_table(kinds, name, nameless);
  if (nameless > 0)
    report.notices.push_back(std::to_string(nameless) +
                             " subjects are not in the subject directory any more: they were erased.");
  if (!kinds.empty())
    report.notices.emplace_back(
        "Categories and columns are those that the statements used: what of them was masked for one of the "
        "subjects is not recorded.");
  report.tables.push_back(std::move(counts));
  report.tables.push_back(std::move(affected));
  return report;
}

Report subject_report(const std::vector<Entry>& entries, const std::string& kind, const std::string& key,
                      const Filter& filter, std::vector<std::string> doubts) {
  Report report{"Who got the data of " + kind + " " + key, {}, {}, {}, {}};
  add_doubts(report, std::move(doubts));
  add_period(report, {filter.since, filter.until});
  report.facts.emplace_back("statements", std::to_string(entries.size()));
  ResultTable each{
      "accesses",
      "Every access, the newest first",
      {"time", "record", "role", "application", "purpose", "categories", "columns", "basis", "decision"},
      {}};
  std::map<Key, std::pair<std::uint64_t, std::pair<std::string, std::string>>> sums;
  for (const Entry& entry : entries) {
    const Shape& s = entry.shape;
    auto& [count, times] = sums[{s.role, s.application, s.purpose, categories(s.basis)}];
    if (count++ == 0) times.second = entry.time;
    times.first = entry.time;
    each.rows.push_back({entry.time, std::to_string(entry.id), s.role, s.application, s.purpose,
                         categories(s.basis), joined(s.columns), joined(s.basis), s.decision});
  }
  ResultTable by{"by_application",
                 "By application and purpose",
                 {"role", "application", "purpose", "categories", "statements", "first", "last"},
                 {}};
  for (const auto& [key_of, sum] : sums) {
    by.rows.push_back(key_of);
    for (const std::string& value : {std::to_string(sum.first), sum.second.first, sum.second.second})
      by.rows.back().push_back(value);
  }
  report.tables.push_back(std::move(by));
  report.tables.push_back(std::move(each));
  return report;
}

namespace {

struct ColumnUse {
  std::uint64_t hidden = 0, other = 0, rows = 0;  // statements; rows
  std::set<std::string> why;
};

// Why nothing of the column can have been seen in these statements; empty: something may.
std::string why_hidden(const Total& total, const RuledColumn* ruled) {
  const Shape& s = total.shape;
  if (s.decision != "masked") return {};
  if (ruled != nullptr && ruled->purposes.count(s.purpose) == 0)
    return "no basis for " + ruled->category + " under purpose " + s.purpose;
  const bool counted = total.rows > 0 && total.cells_masked >= total.rows * s.columns.size();
  return counted ? "all cells were masked" : "";
}

}  // namespace

Report minimise_report(const std::vector<Total>& totals, const Period& period,
                       const std::vector<RuledColumn>& columns) {
  Report report{"What need not be collected or asked for", {}, {}, {}, {}};
  add_period(report, period);
  std::map<std::string, const RuledColumn*> ruled;
  for (const RuledColumn& column : columns) ruled[column.column] = &column;
  std::map<Key, ColumnUse> uses;  // role, application, column
  std::set<std::string> used;
  for (const Total& total : totals) {
    const Shape& s = total.shape;
    if (s.decision == "refused" || s.decision == "failed") continue;
    for (const std::string& column : s.columns) {
      used.insert(column);
      ColumnUse& use = uses[{s.role, s.application, column}];
      const auto known = ruled.find(column);
      const std::string why = why_hidden(total, known == ruled.end() ? nullptr : known->second);
      (why.empty() ? use.other : use.hidden) += total.records;
      use.rows += total.rows;
      if (!why.empty()) use.why.insert(why);
    }
  }
  ResultTable always{"always_masked",
                     "Columns that an application reads, but that were always masked for it",
                     {"role", "application", "column", "statements", "rows", "why"},
                     {}};
  for (const auto& [key, use] : uses) {
    if (use.hidden == 0 || use.other > 0) continue;
    always.rows.push_back(
        {key[0], key[1], key[2], std::to_string(use.hidden), std::to_string(use.rows), joined(use.why)});
  }
  ResultTable unused{"unused", "Columns that no statement used", {"column", "category"}, {}};
  for (const RuledColumn& column : columns) {
    if (used.count(column.column) == 0) unused.rows.push_back({column.column, column.category});
  }
  report.tables.push_back(std::move(always));
  report.tables.push_back(std::move(unused));
  return report;
}

}  // namespace pgconsent::audit_database
