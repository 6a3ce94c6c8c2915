// For other programs, and for the test that holds statement and enforcement equal.
#include <nlohmann/json.hpp>

#include "proxy/openness/statement_sections.h"

namespace pgconsent::openness {

namespace {

using json = nlohmann::ordered_json;

json to_json(const rules::Description& description) {
  if (description.texts.size() == 1 && description.texts.front().first.empty())
    return description.texts.front().second;
  json out = json::object();
  for (const auto& [language, text] : description.texts) out[language] = text;
  return out;
}

void add(json& out, const char* key, const rules::Description& description) {
  if (!description.empty()) out[key] = to_json(description);
}

json controller_json(const rules::Controller& controller) {
  json out = json::object();
  add(out, "name", controller.name);
  add(out, "address", controller.address);
  add(out, "contact", controller.contact);
  add(out, "representative", controller.representative);
  add(out, "data_protection_officer", controller.data_protection_officer);
  add(out, "supervisory_authority", controller.supervisory_authority);
  return out;
}

json to_json(const BasisUse& use) {
  json out{{"basis", rules::to_string(use.listed->basis)}};
  if (use.regime) out["regime"] = rules::to_string(*use.regime);
  if (!use.listed->when.empty()) out["when"] = use.listed->when.sql;
  if (!use.listed->until.empty()) out["until"] = use.listed->until.sql;
  if (!use.listed->exception.empty()) out["exception"] = use.listed->exception;
  add(out, "description", use.listed->description);
  return out;
}

json to_json(const rules::Purpose& purpose) {
  json bases = json::object();
  for (const auto& [category, listed] : purpose.lawful_basis) {
    json& list = bases[category] = json::array();
    for (const BasisUse& use : bases_of(listed)) list.push_back(to_json(use));
  }
  json out{{"name", purpose.name}};
  add(out, "description", purpose.description);
  out["lawful_basis"] = std::move(bases);
  out["narrows"] = purpose.wider;
  out["under_restriction"] = purpose.under_restriction;
  return out;
}

json to_json(const ColumnEntry& column) {
  json out{{"name", column.rule->name}};
  if (column.rule->is_public) {
    out["public"] = true;
  } else {
    out["category"] = column.rule->category;
  }
  json uses = json::object();
  for (const ColumnUse& use : column.uses) {
    json bases = json::array();
    for (rules::LawfulBasis basis : use.bases) bases.push_back(rules::to_string(basis));
    json& entry =
        uses[use.purpose->name] = {{"shown", to_string(use.clearance)}, {"bases", std::move(bases)}};
    if (use.refused) entry["refused"] = true;
  }
  out["uses"] = std::move(uses);
  return out;
}

json to_json(const TableEntry& table) {
  json columns = json::array(), kinds = json::array();
  for (const ColumnEntry& column : table.columns) columns.push_back(to_json(column));
  for (const rules::SubjectPath& path : table.rule->subjects) kinds.push_back(path.kind);
  json out{{"name", table.rule->name}};
  add(out, "description", table.rule->description);
  if (table.declared != table.rule->name) out["rules_of"] = table.declared;
  out["subjects"] = std::move(kinds);
  if (table.rule->subjects.size() > 1) out["all_subjects"] = table.rule->all_subjects;
  out["columns"] = std::move(columns);
  return out;
}

}  // namespace

std::string to_json(const Statement& statement) {
  const rules::Policy& policy = statement.policy();
  json categories = json::array(), purposes = json::array(), applications = json::array(),
       tables = json::array(), kinds = json::array();
  for (const std::string& name : categories_of(statement)) {
    json entry{{"name", name}, {"sensitive", policy.sensitive_categories.contains(name)}};
    if (auto found = policy.category_descriptions.find(name); found != policy.category_descriptions.end())
      add(entry, "description", found->second);
    categories.push_back(std::move(entry));
  }
  for (const auto& [name, kind] : policy.subjects) {
    json entry{{"name", name}};
    add(entry, "description", kind.description);
    entry["objections"] = kind.consent && kind.consent->tells_objections();
    entry["restriction"] = kind.consent && kind.consent->tells_restriction();
    kinds.push_back(std::move(entry));
  }
  for (const rules::Purpose* purpose : statement.purposes) purposes.push_back(to_json(*purpose));
  for (const auto& [role, application] : policy.applications) {
    json entry{{"role", role}};
    add(entry, "description", application.description);
    entry["purposes"] = application.purposes;
    entry["exempt"] = application.exempt;
    applications.push_back(std::move(entry));
  }
  for (const TableEntry& table : statement.tables) tables.push_back(to_json(table));
  const json out{{"database", statement.database},
                 {"written_at", statement.written_at},
                 {"rules", "sha256:" + policy.digest},
                 {"controller", controller_json(policy.controller)},
                 {"subjects", std::move(kinds)},
                 {"categories", std::move(categories)},
                 {"purposes", std::move(purposes)},
                 {"applications", std::move(applications)},
                 {"tables", std::move(tables)},
                 {"trusted_functions", statement.trusted_functions},
                 {"unlisted_tables", policy.refuse_unlisted_tables ? "refuse" : "allow"}};
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace pgconsent::openness
