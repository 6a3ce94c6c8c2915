#include "proxy/openness/report.h"

#include <algorithm>

#include "proxy/enforce/consent_sql.h"
#include "proxy/openness/report_parts.h"

namespace pgconsent::openness {

using Outcome = SubjectReport::Outcome;

void note_missing(SubjectReport& report, const std::string& what, const Answer& answer) {
  // What class 42 says is about names and rights; other messages may quote values: of other persons, too.
  report.missing.push_back(
      what + ": " + (answer.sqlstate.starts_with("42") ? answer.error : "SQLSTATE " + answer.sqlstate));
}

namespace {

// The key without a cast: CAST('12345' AS varchar(4)) would be another subject's.
bool find_subject(SubjectReport& report, const rules::SubjectKind& kind, const Ask& ask) {
  const parser::Relation& relation = *report.request.generation->catalog().relation(kind.relation);
  const std::string key = enforce::column_sql(relation, kind.key, "s");
  const std::string regime =
      kind.regime ? "CAST(" + enforce::column_sql(relation, *kind.regime, "s") + " AS pg_catalog.text)"
                  : "NULL";
  const Answer answer = ask("SELECT CAST(" + key + " AS pg_catalog.text), " + regime + " FROM " +
                            enforce::relation_sql(relation) + " s WHERE " +
                            enforce::equal_sql(key, parser::quote_literal(report.request.key)) + " LIMIT 1");
  if (!answer.error.empty()) {
    report.outcome = answer.sqlstate.starts_with("22") ? Outcome::bad_key : Outcome::failed;
    report.error = answer.error;
    return false;
  }
  report.has_row = !answer.rows.empty();
  report.key = report.has_row ? answer.rows[0][0].value_or(report.request.key) : report.request.key;
  if (report.has_row) report.regime = answer.rows[0][1].value_or("");
  return true;
}

}  // namespace

SubjectReport make_report(const ReportRequest& request, const Ask& ask) {
  SubjectReport report;
  report.request = request;
  const auto kind = report.policy().subjects.find(request.kind);
  if (kind == report.policy().subjects.end()) {
    report.outcome = Outcome::unknown_kind;
    return report;
  }
  if (!find_subject(report, kind->second, ask)) return report;
  read_tables(report, ask);
  read_consent(report, ask);
  // Rows may name somebody whose own row is gone; where nothing does, there is nobody.
  if (!report.has_row && report.tables.empty() && report.records.empty() && report.history.empty() &&
      report.missing.empty()) {
    report.outcome = Outcome::unknown_subject;
    return report;
  }
  read_uses(report, ask);
  explain_uses(report);
  report.outcome = Outcome::answered;
  return report;
}

}  // namespace pgconsent::openness
