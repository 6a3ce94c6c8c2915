// What the consent source holds about the subject, and what follows from it for each purpose.
#include <fmt/format.h>

#include <algorithm>

#include "proxy/enforce/consent_sql.h"
#include "proxy/openness/report_parts.h"
#include "rules/builtin_store.h"

namespace pgconsent::openness {

namespace {

using enforce::column_sql;
using rules::ConsentSource;
using rules::LawfulBasis;

std::string text_sql(const std::string& sql) {
  return "CAST(" + sql + " AS pg_catalog.text)";
}

const rules::SubjectKind& kind_of(const SubjectReport& report) {
  return report.policy().subjects.find(report.request.kind)->second;
}

// The restriction, under the guard's own condition.
void read_restriction(SubjectReport& report, const Ask& ask) {
  const rules::SubjectKind& kind = kind_of(report);
  if (!kind.consent->tells_restriction()) return;
  rules::Purpose any;
  if (!report.policy().purposes.empty()) any.name = report.policy().purposes.begin()->first;
  auto source = enforce::make_consent_sql(*report.request.generation, {&kind, &any, "g", false});
  const std::string restricted = source->restricted();
  const Answer answer = ask(fmt::format("SELECT ({}) IS TRUE FROM (SELECT) o{}", restricted,
                                        source->join(parser::quote_literal(report.key))));
  if (!answer.error.empty()) return note_missing(report, "restriction", answer);
  report.restricted = !answer.rows.empty() && answer.rows[0][0] == "t";
}

std::string state_of_record(const Answer::Row& row) {
  auto is = [&](std::size_t i) { return row.at(i) == "t"; };
  if (is(6)) return "restricted";
  if (is(5)) return "objected";
  if (!is(2)) return "withdrawn";
  // A beginning that is not known has not come: the guard sees it so.
  if (is(10)) return "undated";
  return is(7) ? "future" : is(8) ? "expired" : "given";
}

void read_table_records(SubjectReport& report, const Ask& ask) {
  const rules::SubjectKind& kind = kind_of(report);
  const ConsentSource& source = *kind.consent;
  const parser::Relation& relation = *report.request.generation->catalog().relation(source.relation);
  const enforce::RuleConditions& conditions = report.request.generation->conditions();
  auto text = [&](const std::optional<parser::AttrNumber>& column) {
    return column ? text_sql(column_sql(relation, *column, "r")) : std::string("NULL");
  };
  auto passed = [&](const std::optional<parser::AttrNumber>& column) {
    return column ? fmt::format("{} OPERATOR(pg_catalog.{}) {}", column_sql(relation, *column, "r"),
                                column == source.valid_from ? ">" : "<=", "pg_catalog.statement_timestamp()")
                  : std::string("FALSE");
  };
  auto says = [&](std::string_view what, const rules::Condition& condition) {
    if (condition.empty()) return std::string("FALSE");
    return "(" + conditions.of_source(kind.name, what, "r") + ") IS NOT FALSE";
  };
  const std::string order = source.history      ? column_sql(relation, *source.history, "r")
                            : source.valid_from ? column_sql(relation, *source.valid_from, "r")
                                                : "1";
  const Answer answer = ask(fmt::format(
      "SELECT {}, {}, ({}) IS TRUE, {}, {}, {}, {}, {}, {}, {}, {} FROM {} r WHERE {} ORDER BY {}",
      text(source.purpose), text(source.category), conditions.of_source(kind.name, "given", "r"),
      text(source.valid_from), text(source.valid_until), says("objected", source.objected),
      says("restricted", source.restricted), passed(source.valid_from), passed(source.valid_until),
      text(source.history),
      source.valid_from ? column_sql(relation, *source.valid_from, "r") + " IS NULL" : "FALSE",
      enforce::relation_sql(relation),
      enforce::equal_sql(column_sql(relation, source.subject, "r"), parser::quote_literal(report.key)),
      order));
  if (answer.sqlstate == "22003") return;
  if (!answer.error.empty()) return note_missing(report, relation.schema + "." + relation.name, answer);
  for (const Answer::Row& row : answer.rows) {
    report.records.push_back({row[0].value_or(""), row[1].value_or(""), state_of_record(row),
                              row[3].value_or(""), row[4].value_or(""), row[9].value_or("")});
  }
}

void read_flags(SubjectReport& report, const Ask& ask) {
  const ConsentSource& source = *kind_of(report).consent;
  const parser::Relation& relation = *report.request.generation->catalog().relation(source.relation);
  std::vector<std::pair<const std::string*, bool>> entries;  // purpose, is it an objection?
  std::string list;
  for (const ConsentSource::Flags* flags : {&source.flags, &source.objections}) {
    for (const auto& [purpose, column] : *flags) {
      entries.emplace_back(&purpose, flags == &source.objections);
      list += (list.empty() ? "" : ", ") + column_sql(relation, column, "s");
    }
  }
  if (list.empty()) return;
  const Answer answer = ask(fmt::format(
      "SELECT {} FROM {} s WHERE {}", list, enforce::relation_sql(relation),
      enforce::equal_sql(column_sql(relation, source.subject, "s"), parser::quote_literal(report.key))));
  if (!answer.error.empty()) return note_missing(report, relation.schema + "." + relation.name, answer);
  for (const Answer::Row& row : answer.rows) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto& [purpose, is_objection] = entries[i];
      if (is_objection) {
        if (row[i] != "f") report.records.push_back({*purpose, "", "objected", "", "", ""});
      } else if (row[i]) {
        report.records.push_back({*purpose, "", row[i] == "t" ? "given" : "withdrawn", "", "", ""});
      }
    }
  }
}

void read_store(SubjectReport& report, const Ask& ask) {
  const std::string literal = parser::quote_literal(report.key);
  const std::string state =
      parser::quote_qualified({std::string(rules::store_schema), report.request.kind + "_state"});
  const Answer states =
      ask(fmt::format("SELECT purpose, category, consent, since, until, objected FROM {}({}) WHERE consent "
                      "IS NOT NULL OR objected",
                      state, literal));
  if (!states.error.empty()) note_missing(report, "consent", states);
  for (const Answer::Row& row : states.rows) {
    if (row[2])
      report.records.push_back(
          {row[0].value_or(""), row[1].value_or(""), *row[2], row[3].value_or(""), row[4].value_or(""), ""});
    if (row[5] == "t") report.records.push_back({row[0].value_or(""), "", "objected", "", "", ""});
  }
  static const std::vector<std::string> fields{
      "occurred_at", "event_type", "purpose", "category",   "valid_from", "valid_until",  "method",
      "evidence",    "actor",      "notice",  "controller", "recipients", "jurisdiction", "recorded_at"};
  std::string list;
  for (const std::string& field : fields) list += (list.empty() ? "" : ", ") + text_sql(field);
  const ConsentSource& source = *kind_of(report).consent;
  const parser::Relation& relation = *report.request.generation->catalog().relation(source.relation);
  const std::string subject = column_sql(relation, source.subject, "s");
  const Answer events = ask(fmt::format(
      "SELECT {} FROM pgconsent.consent_event WHERE subject_kind OPERATOR(pg_catalog.=) {} AND subject "
      "OPERATOR(pg_catalog.=) (SELECT CAST({} AS pg_catalog.text) FROM {} s WHERE {}) ORDER BY id",
      list, parser::quote_literal(report.request.kind), subject, enforce::relation_sql(relation),
      enforce::equal_sql(subject, literal)));
  report.has_history = events.error.empty();
  if (!events.error.empty()) return note_missing(report, "consent history", events);
  for (const Answer::Row& row : events.rows) {
    Event& event = report.history.emplace_back();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (row[i]) event.emplace_back(fields[i], *row[i]);
    }
  }
}

}  // namespace

void read_consent(SubjectReport& report, const Ask& ask) {
  const rules::SubjectKind& kind = kind_of(report);
  if (!kind.consent) return;
  read_restriction(report, ask);
  switch (kind.consent->kind) {
    case ConsentSource::Kind::table:
      return read_table_records(report, ask);
    case ConsentSource::Kind::column:
      return read_flags(report, ask);
    case ConsentSource::Kind::builtin:
      return read_store(report, ask);
  }
}

// Only what the source says: a condition that is not met, or another person's refusal, is what is left.
void explain_uses(SubjectReport& report) {
  for (UseNow& use : report.uses) {
    if (use.clear == use.rows) continue;
    auto rests_on = [&](LawfulBasis basis) {
      return std::any_of(use.bases.begin(), use.bases.end(),
                         [&](const BasisNow& each) { return each.listed->basis == basis; });
    };
    auto add = [&](std::string reason) {
      if (std::find(use.reasons.begin(), use.reasons.end(), reason) == use.reasons.end())
        use.reasons.push_back(std::move(reason));
    };
    auto said = [&](std::string_view state) {
      return std::any_of(report.records.begin(), report.records.end(), [&](const ConsentRecord& record) {
        const auto& wider = use.purpose->wider;
        const bool purpose = record.purpose.empty() || record.purpose == use.purpose->name ||
                             std::find(wider.begin(), wider.end(), record.purpose) != wider.end();
        return record.state == state && purpose &&
               (state == "objected" || record.category.empty() || record.category == use.category);
      });
    };
    if (use.bases.empty()) add("no_basis");
    if (report.restricted && !use.purpose->under_restriction && !use.bases.empty()) add("restricted");
    const bool consent = rests_on(LawfulBasis::consent);
    if ((consent || rests_on(LawfulBasis::legitimate_interests)) && said("objected")) add("objected");
    if (consent) {
      bool told = said("given");
      for (const char* state : {"withdrawn", "expired", "future", "undated"}) {
        if (said(state)) add(state);
        told = told || said(state);
      }
      if (!told) add("not_given");
    }
    const bool conditions = std::any_of(use.bases.begin(), use.bases.end(), [](const BasisNow& each) {
      return !each.listed->when.empty() || !each.listed->until.empty();
    });
    if (conditions) add("condition");
    if (use.shared && !use.bases.empty()) add("others");
    if (use.hidden && !use.bases.empty()) add("hidden");
    if (use.reasons.empty()) add("not_met");
  }
}

}  // namespace pgconsent::openness
