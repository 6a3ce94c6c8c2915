#include <nlohmann/json.hpp>

#include "proxy/openness/report.h"

namespace pgconsent::openness {

namespace {

using json = nlohmann::ordered_json;

json to_json(const HeldTable& table) {
  json columns = json::array();
  for (const HeldColumn& column : table.columns) {
    json entry{{"name", column.rule->name}};
    if (column.rule->is_public) {
      entry["public"] = true;
    } else {
      entry["category"] = column.rule->category;
    }
    entry["rows"] = column.rows;
    columns.push_back(std::move(entry));
  }
  json out{{"name", table.rule->name},
           {"rows", table.rows},
           {"shared", table.shared},
           {"columns", std::move(columns)}};
  if (table.values.empty()) return out;
  json& values = out["values"] = json::array();
  for (const Answer::Row& row : table.values) {
    json object = json::object();
    for (std::size_t i = 0; i < table.columns.size(); ++i)
      object[table.columns[i].rule->name] = row.at(i) ? json(*row.at(i)) : json(nullptr);
    values.push_back(std::move(object));
  }
  return out;
}

json to_json(const UseNow& use) {
  json bases = json::array();
  for (const BasisNow& basis : use.bases) {
    json entry{{"basis", rules::to_string(basis.listed->basis)}};
    if (basis.regime) entry["regime"] = rules::to_string(*basis.regime);
    entry["rows"] = basis.rows;
    bases.push_back(std::move(entry));
  }
  return {{"purpose", use.purpose->name}, {"category", use.category},  {"rows", use.rows},
          {"may_be_used", use.clear},     {"bases", std::move(bases)}, {"why_not_all", use.reasons}};
}

json to_json(const ConsentRecord& record) {
  json out{{"state", record.state}};
  const std::pair<const char*, const std::string*> fields[] = {{"purpose", &record.purpose},
                                                               {"category", &record.category},
                                                               {"from", &record.from},
                                                               {"until", &record.until},
                                                               {"at", &record.at}};
  for (auto [name, value] : fields) {
    if (!value->empty()) out[name] = *value;
  }
  return out;
}

}  // namespace

std::string to_json(const SubjectReport& report) {
  json tables = json::array(), uses = json::array(), records = json::array();
  for (const HeldTable& table : report.tables) tables.push_back(to_json(table));
  for (const UseNow& use : report.uses) uses.push_back(to_json(use));
  for (const ConsentRecord& record : report.records) records.push_back(to_json(record));
  json out{{"database", report.request.database},
           {"written_at", report.request.written_at},
           {"rules", "sha256:" + report.policy().digest},
           {"subject_kind", report.request.kind},
           {"subject", report.key},
           {"own_row", report.has_row},
           {"restricted", report.restricted}};
  if (!report.regime.empty()) out["regime"] = report.regime;
  out["complete"] = report.missing.empty();
  out["missing"] = report.missing;
  out["tables"] = std::move(tables);
  out["uses"] = std::move(uses);
  out["records"] = std::move(records);
  if (report.has_history) {
    json& history = out["history"] = json::array();
    for (const Event& event : report.history) {
      json& object = history.emplace_back(json::object());
      for (const auto& [field, value] : event) object[field] = value;
    }
  }
  json& used_by = out["used_by"] = nullptr;  // null: the audit log does not tell
  if (report.used_by) used_by = json::array();
  for (const UsedBy& used : report.used_by.value_or(std::vector<UsedBy>{})) {
    used_by.push_back({{"application", used.application},
                       {"role", used.role},
                       {"purpose", used.purpose},
                       {"categories", used.categories},
                       {"statements", used.statements},
                       {"first", used.first},
                       {"last", used.last}});
  }
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace pgconsent::openness
