#include "proxy/audit/record_json.h"

#include <ctime>

#include "proxy/audit/json_text.h"

namespace pgconsent::audit {

std::string_view Timestamps::format(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  std::int64_t us = duration_cast<microseconds>(time.time_since_epoch()).count();
  std::int64_t second = us / 1'000'000;
  if (second != second_) {
    second_ = second;
    std::time_t value = second;
    std::tm parts{};
    ::gmtime_r(&value, &parts);
    std::strftime(text_, sizeof text_, "%Y-%m-%dT%H:%M:%S.000000Z", &parts);
  }
  constexpr std::size_t last_digit = 25, length = 27;
  std::int64_t fraction = us % 1'000'000;
  for (std::size_t i = 0; i < 6; ++i, fraction /= 10)
    text_[last_digit - i] = static_cast<char>('0' + fraction % 10);
  return {text_, length};
}

namespace {

void append_field(std::string& out, std::string_view name, const std::vector<std::string>* value) {
  out.append(name);
  if (value == nullptr) {
    out.append("[]");
  } else {
    append_json(out, *value);
  }
}

// {"customer":"BASE64"}
void append_subjects(std::string& out, std::span<const Outcome::Subjects> all) {
  out.append(",\"subjects\":{");
  for (const Outcome::Subjects& subjects : all) {
    if (&subjects != all.data()) out.push_back(',');
    append_json(out, subjects.kind);
    out.append(":\"");
    append_base64(out, subjects.bitmap);
    out.push_back('"');
  }
  out.push_back('}');
}

}  // namespace

void append_record(std::string& out, const Record& record, std::string_view time, std::uint64_t id,
                   std::string_view prev) {
  out.append("{\"time\":\"").append(time);
  append_field(out, "\",\"id\":", id);
  out.append(",\"prev\":\"").append(prev);
  append_field(out, "\",\"session\":", record.session);
  append_field(out, ",\"client\":", record.client);
  append_field(out, ",\"database\":", record.database);
  append_field(out, ",\"role\":", record.role);
  append_field(out, ",\"application\":", record.application);
  append_field(out, ",\"purpose\":", record.purpose);
  append_field(out, ",\"purpose_source\":", record.purpose_source);
  append_field(out, ",\"decision\":", record.decision);
  append_field(out, ",\"reason\":", record.reason);
  append_field(out, ",\"rules\":", record.rules);
  append_field(out, ",\"basis\":", record.basis);
  append_field(out, ",\"tables\":", record.tables);
  append_field(out, ",\"columns\":", record.columns);
  append_field(out, ",\"fingerprint\":", record.fingerprint);
  if (record.statement.size() <= max_statement_bytes) {
    append_field(out, ",\"statement\":", record.statement);
  } else {
    std::string cut(utf8_prefix(record.statement, max_statement_bytes));
    append_field(out, ",\"statement\":", cut.append("…"));
  }
  append_field(out, ",\"catalog\":", record.catalog_version);
  append_field(out, ",\"rules_version\":", record.rules_version);
  append_field(out, ",\"duration_us\":", record.duration_us);
  out.push_back('}');
}

void append_outcome(std::string& out, const Outcome& outcome, std::string_view time, std::uint64_t id,
                    std::string_view prev) {
  out.append("{\"time\":\"").append(time);
  append_field(out, "\",\"id\":", id);
  out.append(",\"prev\":\"").append(prev);
  append_field(out, "\",\"session\":", outcome.session);
  append_field(out, ",\"outcome_of\":", outcome.outcome_of);
  if (outcome.rows) append_field(out, ",\"rows\":", *outcome.rows);
  if (outcome.cells_masked) append_field(out, ",\"cells_masked\":", *outcome.cells_masked);
  if (!outcome.sqlstate.empty()) append_field(out, ",\"sqlstate\":", outcome.sqlstate);
  if (outcome.server_us) append_field(out, ",\"server_us\":", *outcome.server_us);
  if (outcome.subjects_known) append_subjects(out, outcome.subjects);
  if (!outcome.subjects_unknown.empty()) {
    out.append(",\"subjects_unknown\":[");
    for (const std::string& kind : outcome.subjects_unknown) {
      if (&kind != outcome.subjects_unknown.data()) out.push_back(',');
      append_json(out, kind);
    }
    out.push_back(']');
  }
  out.push_back('}');
}

}  // namespace pgconsent::audit
