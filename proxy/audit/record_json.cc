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

void field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name);
  append_json(out, value);
}

void field(std::string& out, std::string_view name, std::uint64_t value) {
  out.append(name);
  append_number(out, value);
}

void field(std::string& out, std::string_view name, const std::vector<std::string>* value) {
  out.append(name);
  if (value == nullptr) {
    out.append("[]");
  } else {
    append_json(out, *value);
  }
}

}  // namespace

void append_record(std::string& out, const Record& record, std::string_view time, std::uint64_t id,
                   std::string_view prev) {
  out.append("{\"time\":\"").append(time);
  field(out, "\",\"id\":", id);
  out.append(",\"prev\":\"").append(prev);
  field(out, "\",\"session\":", record.session);
  field(out, ",\"client\":", record.client);
  field(out, ",\"database\":", record.database);
  field(out, ",\"role\":", record.role);
  field(out, ",\"application\":", record.application);
  field(out, ",\"purpose\":", record.purpose);
  field(out, ",\"decision\":", record.decision);
  field(out, ",\"reason\":", record.reason);
  field(out, ",\"rules\":", record.rules);
  field(out, ",\"basis\":", record.basis);
  field(out, ",\"tables\":", record.tables);
  field(out, ",\"columns\":", record.columns);
  field(out, ",\"fingerprint\":", record.fingerprint);
  if (record.statement.size() <= max_statement_bytes) {
    field(out, ",\"statement\":", record.statement);
  } else {
    std::string cut(utf8_prefix(record.statement, max_statement_bytes));
    field(out, ",\"statement\":", cut.append("…"));
  }
  if (record.rows) field(out, ",\"rows\":", *record.rows);
  field(out, ",\"catalog\":", record.catalog_version);
  field(out, ",\"rules_version\":", record.rules_version);
  field(out, ",\"duration_us\":", record.duration_us);
  out.push_back('}');
}

}  // namespace pgconsent::audit
