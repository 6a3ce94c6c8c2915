#include "proxy/audit_database/written.h"

#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

namespace pgconsent::audit_database {

namespace {

using json = nlohmann::ordered_json;

std::string text(const json& value, int indent = -1) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

json outcome_json(const Outcome& outcome) {
  json out{{"id", outcome.id}, {"time", outcome.time}};
  if (outcome.rows) out["rows"] = *outcome.rows;
  if (outcome.cells_masked) out["cells_masked"] = *outcome.cells_masked;
  if (!outcome.sqlstate.empty()) out["sqlstate"] = outcome.sqlstate;
  if (outcome.server_us) out["server_us"] = *outcome.server_us;
  if (outcome.subjects_known) {
    json& counts = out["subjects"] = json::object();
    for (const Outcome::Subjects& each : outcome.subjects) counts[each.kind] = each.numbers.size();
  }
  if (!outcome.subjects_unknown.empty()) out["subjects_unknown"] = outcome.subjects_unknown;
  return out;
}

constexpr const char* csv_columns[] = {
    "time",          "id",          "session",        "client",       "database",  "role",
    "application",   "purpose",     "purpose_source", "decision",     "reason",    "rules",
    "basis",         "tables",      "columns",        "fingerprint",  "statement", "catalog",
    "rules_version", "duration_us", "rows",           "cells_masked", "sqlstate",  "server_us",
    "subjects",      "hash"};

std::string number(const std::optional<std::uint64_t>& value) {
  return value ? std::to_string(*value) : "";
}

std::string line_of(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields)
    line.append(&field == fields.data() ? "" : ",").append(csv_field(field));
  return line;
}

std::string subject_counts(const Outcome& outcome) {
  std::string out;
  for (const Outcome::Subjects& each : outcome.subjects)
    out.append(out.empty() ? "" : " ").append(each.kind + ":" + std::to_string(each.numbers.size()));
  return out;
}

}  // namespace

std::string to_json(const Entry& entry) {
  const Shape& s = entry.shape;
  json out{{"time", entry.time},
           {"id", entry.id},
           {"session", entry.session},
           {"client", entry.client},
           {"database", s.database},
           {"role", s.role},
           {"application", s.application},
           {"purpose", s.purpose},
           {"purpose_source", s.purpose_source},
           {"decision", s.decision},
           {"reason", s.reason},
           {"rules", s.rules},
           {"basis", s.basis},
           {"tables", s.tables},
           {"columns", s.columns},
           {"fingerprint", s.fingerprint},
           {"statement", s.statement},
           {"catalog", entry.catalog},
           {"rules_version", s.rules_version},
           {"duration_us", entry.duration_us}};
  if (entry.outcome) out["outcome"] = outcome_json(*entry.outcome);
  out["hash"] = entry.hash;
  return text(out);
}

std::string csv_field(std::string_view value) {
  constexpr std::string_view formula = "=+-@\t\r", special = ",\"\n\r";
  std::string out;
  const std::size_t first = value.find_first_not_of(' ');
  const bool guarded =
      first != std::string_view::npos && formula.find(value[first]) != std::string_view::npos;
  const bool quoted = value.find_first_of(special) != std::string_view::npos || value.starts_with(' ');
  if (quoted) out.push_back('"');
  if (guarded) out.push_back('\'');
  for (char c : value) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  if (quoted) out.push_back('"');
  return out;
}

std::string csv_header() {
  return line_of({std::begin(csv_columns), std::end(csv_columns)});
}

std::string to_csv(const Entry& entry) {
  const Shape& s = entry.shape;
  const Outcome none, &o = entry.outcome ? *entry.outcome : none;
  return line_of({entry.time,
                  std::to_string(entry.id),
                  std::to_string(entry.session),
                  entry.client,
                  s.database,
                  s.role,
                  s.application,
                  s.purpose,
                  s.purpose_source,
                  s.decision,
                  s.reason,
                  joined(s.rules),
                  joined(s.basis),
                  joined(s.tables),
                  joined(s.columns),
                  s.fingerprint,
                  s.statement,
                  std::to_string(entry.catalog),
                  s.rules_version,
                  std::to_string(entry.duration_us),
                  number(o.rows),
                  number(o.cells_masked),
                  o.sqlstate,
                  number(o.server_us),
                  subject_counts(o),
                  entry.hash});
}

namespace {

constexpr std::size_t most_in_cef_field = 4000;  // what receivers take of a custom string

std::string cef_header(std::string_view value) {
  std::string out;
  for (char c : value) {
    if (c == '\\' || c == '|') out.push_back('\\');
    out.push_back(c == '\n' || c == '\r' ? ' ' : c);
  }
  return out;
}

void cef(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  out.append(out.empty() || out.back() == '|' ? "" : " ").append(key).push_back('=');
  std::size_t end = std::min(value.size(), most_in_cef_field);
  while (end < value.size() && (static_cast<unsigned char>(value[end]) & 0xc0) == 0x80) --end;
  for (char c : value.substr(0, end)) {
    if (c == '\\' || c == '=') out.push_back('\\');
    if (c == '\n' || c == '\r') {
      out.append(c == '\n' ? "\\n" : "\\r");
    } else {
      out.push_back(c);
    }
  }
  if (end < value.size()) out.append("…");
}

void labelled(std::string& out, const std::string& key, std::string_view label, std::string_view value) {
  if (value.empty()) return;
  cef(out, key + "Label", label);
  cef(out, key, value);
}

int severity(std::string_view decision) {
  return decision == "refused"   ? 6
         : decision == "exempt"  ? 5
         : decision == "failed"  ? 4
         : decision == "allowed" ? 3
                                 : 2;
}

// Milliseconds since 1970.
std::string milliseconds(const std::string& time) {
  std::tm parts{};
  if (::strptime(time.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr || time.size() < 23) return {};
  return std::to_string(static_cast<long long>(::timegm(&parts))) + time.substr(20, 3);
}

}  // namespace

std::string to_cef(const Entry& entry, std::string_view version) {
  const Shape& s = entry.shape;
  const Outcome none, &o = entry.outcome ? *entry.outcome : none;
  std::string out =
      fmt::format("CEF:0|pgconsent|pgconsent|{}|{}|{}|{}|", cef_header(version), cef_header(s.decision),
                  cef_header("statement " + s.decision), severity(s.decision));
  cef(out, "rt", milliseconds(entry.time));
  cef(out, "externalId", std::to_string(entry.id));
  cef(out, "act", s.decision);
  cef(out, "suser", s.role);
  const std::size_t colon = entry.client.rfind(':');
  if (colon != std::string::npos) {
    std::string_view address = std::string_view(entry.client).substr(0, colon);
    if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
    cef(out, address.find(':') == std::string_view::npos ? "src" : "c6a2", address);
    if (address.find(':') != std::string_view::npos) cef(out, "c6a2Label", "Source IPv6 Address");
    cef(out, "spt", std::string_view(entry.client).substr(colon + 1));
  }
  cef(out, "requestClientApplication", s.application);
  cef(out, "reason", s.reason);
  labelled(out, "cs1", "purpose", s.purpose);
  labelled(out, "cs2", "statement", s.statement);
  labelled(out, "cs3", "tables", joined(s.tables));
  labelled(out, "cs4", "columns", joined(s.columns));
  labelled(out, "cs5", "basis", joined(s.basis));
  labelled(out, "cs6", "fingerprint", s.fingerprint);
  labelled(out, "cn1", "rows", number(o.rows));
  labelled(out, "cn2", "cells masked", number(o.cells_masked));
  labelled(out, "flexString1", "sqlstate", o.sqlstate);
  labelled(out, "flexString2", "subjects", subject_counts(o));
  cef(out, "destinationServiceName", s.database);
  return out;
}

std::string to_json(const Report& report) {
  json out{{"title", report.title}, {"facts", json::object()}, {"notices", report.notices}};
  for (const auto& [name, value] : report.facts) out["facts"][name] = value;
  for (const ResultTable& table : report.tables) {
    json rows = json::array();
    for (const auto& row : table.rows) {
      json& each = rows.emplace_back(json::object());
      for (std::size_t i = 0; i < row.size(); ++i) each[table.columns[i]] = row[i];
    }
    out[table.id] = std::move(rows);
  }
  return text(out, 2) + "\n";
}

std::string to_csv(const Report& report) {
  std::string out;
  for (const auto& [name, value] : report.facts) out += line_of({"fact", name, value}) + "\r\n";
  for (const std::string& notice : report.notices) out += line_of({"notice", notice}) + "\r\n";
  for (const ResultTable& table : report.tables) {
    std::vector<std::string> header{"table"};
    header.insert(header.end(), table.columns.begin(), table.columns.end());
    out += line_of(header) + "\r\n";
    for (const auto& row : table.rows) {
      std::vector<std::string> fields{table.id};
      fields.insert(fields.end(), row.begin(), row.end());
      out += line_of(fields) + "\r\n";
    }
  }
  return out;
}

std::string printable(std::string_view value) {
  std::string out;
  for (char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n' || c == '\t' || c == '\r') {
      out.push_back(' ');
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace pgconsent::audit_database
