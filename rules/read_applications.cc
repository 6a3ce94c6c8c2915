// applications: [{role: crm_app, purposes: [support, marketing]}, {role: dba, exempt: true},
//   {role: backup, purposes: [support], max_snapshot_age: 4h}] and
// functions: {trusted: ["public.tax(numeric)"], refused: []}
#include <set>

#include "rules/duration.h"
#include "rules/reader.h"

namespace pgconsent::rules {

namespace {

void read_allowed_purposes(const YamlNode& node, ApplicationRule& application, Reporter& report) {
  if (!expect_list(node, "`purposes`", report)) return;
  std::set<std::string> seen;
  for (const YamlNode& item : node.items) {
    auto purpose = read_text(item, "a purpose", report);
    if (!purpose) continue;
    if (!seen.insert(purpose->text).second) {
      report.error(purpose->at, "purpose " + in_backticks(purpose->text) + " is listed twice");
    }
    application.purposes.push_back(std::move(*purpose));
  }
}

std::optional<ApplicationRule> read_application(const YamlNode& node, Reporter& report) {
  Fields fields(node, "an application", report);
  if (!fields) return std::nullopt;
  ApplicationRule application;
  application.role.at = node.at;
  const YamlNode* role = fields.require("role", "the login role");
  const YamlNode* purposes = fields.find("purposes");
  const YamlNode* exempt = fields.find("exempt");
  application.description = read_description(fields, report);
  const YamlNode* age = fields.find("max_snapshot_age");
  fields.finish();
  if (purposes != nullptr) read_allowed_purposes(*purposes, application, report);
  if (exempt != nullptr) application.exempt = read_bool(*exempt, "`exempt`", report).value_or(true);

  if (age != nullptr) {
    auto text = read_text(*age, "`max_snapshot_age`", report);
    if (text) application.max_snapshot_age = parse_age_limit(text->text);
    if (text && !application.max_snapshot_age) {
      report.error(age->at, in_backticks(text->text) + " is not a value of `max_snapshot_age`",
                   std::string(age_limit_hint));
    }
  }

  auto name = role == nullptr ? std::nullopt : read_text(*role, "`role`", report);
  if (name) name = parse_identifier(*name, "role name", report);
  if (!name) return std::nullopt;
  application.role = std::move(*name);
  const bool no_purpose =
      purposes == nullptr || (purposes->kind == YamlNode::Kind::sequence && purposes->items.empty());
  if (no_purpose && !application.exempt) {
    report.error(node.at, "role " + in_backticks(application.role.text) + " has no purpose",
                 "give it `purposes: […]`, or `exempt: true` to let it see raw data");
  }
  return application;
}

void read_function_list(const YamlNode& node, std::string_view what, std::vector<FunctionName>& out,
                        Reporter& report) {
  if (!expect_list(node, what, report)) return;
  for (const YamlNode& item : node.items) {
    auto text = read_text(item, "a function", report);
    auto name = text ? parse_function_name(*text, report) : std::nullopt;
    if (name) out.push_back(std::move(*name));
  }
}

}  // namespace

void read_applications(const YamlNode& node, RuleSet& rules, Reporter& report) {
  if (!expect_list(node, "`applications`", report)) return;
  std::set<std::string> seen;
  for (const YamlNode& item : node.items) {
    auto application = read_application(item, report);
    if (!application) continue;
    if (!seen.insert(application->role.text).second) {
      report.error(application->role.at,
                   "role " + in_backticks(application->role.text) + " has an entry already",
                   "list all its purposes in one entry");
    }
    rules.applications.push_back(std::move(*application));
  }
}

void read_functions(const YamlNode& node, RuleSet& rules, Reporter& report) {
  Fields fields(node, "`functions`", report);
  if (const YamlNode* list = fields.find("trusted"))
    read_function_list(*list, "`trusted`", rules.trusted, report);
  if (const YamlNode* list = fields.find("refused"))
    read_function_list(*list, "`refused`", rules.refused, report);
  fields.finish();
}

}  // namespace pgconsent::rules
