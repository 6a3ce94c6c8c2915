// subjects: {customer: {table: public.users, key: id}} and the `subject` of a table.
#include "rules/reader.h"

namespace pgconsent::rules {

namespace {

// {order_id: id}: column of the row before, column of the table gone through.
void read_on(const YamlNode& node, PathRule::Hop& hop, Reporter& report) {
  if (!expect_map(node, "`on`", report)) return;
  if (node.keys.empty()) {
    report.error(node.at, "`on` names no columns", "write `on: {order_id: id}`");
  }
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    auto from = parse_identifier(node.keys[i], "column name", report);
    auto to = read_identifier(node.items[i], "the column of `through`", report);
    if (from && to) hop.on.emplace_back(*from, *to);
  }
}

// A column, or {through: T, on: {…}, key: <path>}. Nested maps become consecutive hops.
void read_path(const YamlNode& start, PathRule& path, Reporter& report) {
  const YamlNode* node = &start;
  while (node->kind == YamlNode::Kind::map) {
    Fields fields(*node, "the subject's path", report);
    PathRule::Hop hop;
    hop.at = node->at;
    const YamlNode* through =
        fields.require("through", "write `{through: public.orders, on: {order_id: id}, key: user_id}`");
    const YamlNode* on = fields.require("on");
    const YamlNode* key = fields.require("key");
    fields.finish();
    if (through != nullptr) {
      if (auto name = read_table_name(*through, "`through`", report)) hop.through = std::move(*name);
    }
    if (on != nullptr) read_on(*on, hop, report);
    path.hops.push_back(std::move(hop));
    if (key == nullptr) return;
    node = key;
  }
  if (auto key = read_identifier(*node, "the subject's key", report)) path.key = std::move(*key);
}

// {customer: id}
void read_one(const YamlNode& node, SubjectRule& subject, Reporter& report) {
  constexpr std::string_view forms =
      "write `{customer: id}`, `{all: [{customer: a}, {customer: b}]}` or "
      "`{any: [{customer: a}, {customer: b}]}`";
  if (!expect_map(node, "a subject", report)) return;
  if (node.keys.size() != 1) {
    report.error(node.at, node.keys.empty() ? "the subject is empty" : "a subject with more than one entry",
                 std::string(forms));
    return;
  }
  if (node.keys[0].text == "all" || node.keys[0].text == "any") {
    report.error(node.keys[0].at,
                 in_backticks(node.keys[0].text) + " inside a list of subjects is not supported",
                 std::string(forms));
    return;
  }
  PathRule path;
  path.kind = node.keys[0];
  read_path(node.items[0], path, report);
  subject.paths.push_back(std::move(path));
}

}  // namespace

SubjectRule read_table_subject(const YamlNode& node, Reporter& report) {
  SubjectRule subject;
  subject.at = node.at;
  const bool is_list = node.kind == YamlNode::Kind::map && node.keys.size() == 1 &&
                       (node.keys[0].text == "all" || node.keys[0].text == "any");
  if (!is_list) {
    read_one(node, subject, report);
    return subject;
  }
  subject.all = node.keys[0].text == "all";
  const YamlNode& list = node.items[0];
  if (!expect_list(list, in_backticks(node.keys[0].text), report)) return subject;
  if (list.items.empty()) report.error(list.at, in_backticks(node.keys[0].text) + " lists no subject");
  for (const YamlNode& item : list.items) read_one(item, subject, report);
  return subject;
}

void read_subjects(const YamlNode& node, RuleSet& rules, Reporter& report) {
  if (!expect_map(node, "`subjects`", report)) return;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    SubjectKindRule kind;
    kind.name = node.keys[i];
    check_label(kind.name, "subject kind", report);
    if (kind.name.text == "all" || kind.name.text == "any") {
      report.error(kind.name.at, in_backticks(kind.name.text) + " can't be the name of a subject kind",
                   "it joins the subjects of a row: `subject: {all: […]}`");
    }
    Fields fields(node.items[i], "subject kind " + in_backticks(kind.name.text), report);
    if (const YamlNode* table = fields.require("table")) {
      if (auto name = read_table_name(*table, "`table`", report)) kind.table = std::move(*name);
    }
    const YamlNode* key = fields.require("key");
    if (key != nullptr && key->kind == YamlNode::Kind::sequence) {
      report.error(key->at, "a subject's key is one column, not several",
                   "give the table a column of its own that is unique, and refer to that");
    } else if (key != nullptr) {
      if (auto name = read_identifier(*key, "`key`", report)) kind.key = std::move(*name);
    }
    kind.description = read_description(fields, report);
    if (const YamlNode* regime = fields.find("regime")) {
      kind.regime = read_identifier(*regime, "`regime`", report);
    }
    fields.finish();
    rules.subjects.push_back(std::move(kind));
  }
}

}  // namespace pgconsent::rules
