// tables: {public.users: {subject: {customer: id}, columns: {email: {category: contact, mask: "null"}, city:
// public}}}
#include <set>

#include "rules/mask_parser.h"
#include "rules/reader.h"

namespace pgconsent::rules {

namespace {

void read_mask(Fields& fields, const YamlNode& column, ColumnRule& rule, Reporter& report) {
  const YamlNode* node = fields.find("mask");
  rule.mask_at = node == nullptr ? column.at : node->at;
  if (node == nullptr || node->kind == YamlNode::Kind::null)
    return;  // `mask: null` without quotes means the same
  if (auto text = read_text(*node, "`mask`", report)) {
    if (auto mask = parse_mask(*text, report)) rule.mask = std::move(*mask);
  }
}

void read_protected_column(const YamlNode& node, ColumnRule& rule, Reporter& report) {
  const std::string what = "column " + in_backticks(rule.name.text);
  Fields fields(node, what, report);
  if (const YamlNode* category =
          fields.require("category", "or write " + in_backticks(rule.name.text + ": public"))) {
    if (auto text = read_text(*category, "`category`", report)) {
      check_label(*text, "category", report);
      rule.category = std::move(*text);
    }
  }
  const std::size_t errors = report.errors();
  read_mask(fields, node, rule, report);
  const bool mask_is_good = report.errors() == errors;
  if (const YamlNode* lookup = fields.find("lookup")) {
    rule.lookup_equality = read_choice(*lookup, "`lookup`", {"equality"}, report).has_value();
    if (rule.lookup_equality && mask_is_good && rule.mask.kind != Mask::Kind::null) {
      report.error(lookup->at, "`lookup: equality` works with the mask `null` only, " + what + " has " +
                                   in_backticks(to_string(rule.mask.kind)));
    }
  }
  if (const YamlNode* without = fields.find("without_basis")) {
    constexpr WithoutBasis choices[] = {WithoutBasis::mask, WithoutBasis::refuse, WithoutBasis::hide_row};
    if (auto choice = read_choice(*without, "`without_basis`", {"mask", "refuse", "hide_row"}, report)) {
      rule.without_basis = choices[*choice];
    }
  }
  if (const YamlNode* write = fields.find("write")) {
    rule.write_allowed = read_choice(*write, "`write`", {"basis", "allow"}, report).value_or(0) == 1;
  }
  fields.finish();
}

void read_column(const Text& key, const YamlNode& node, TableRule& table, std::set<std::string>& seen,
                 Reporter& report) {
  ColumnRule rule;
  rule.name = key;
  auto name = parse_identifier(key, "column name", report);
  if (name) {
    rule.name = std::move(*name);
    if (!seen.insert(rule.name.text).second &&
        rule.name.text != key.text) {  // equal spellings are reported already
      report.error(key.at, "duplicate column " + in_backticks(key.text),
                   "unquoted names are folded to lower case");
    }
  }
  if (node.kind == YamlNode::Kind::map) {
    read_protected_column(node, rule, report);
  } else if (node.kind == YamlNode::Kind::scalar && node.text == "public") {
    rule.is_public = true;
  } else {
    report.error(node.at, "column " + in_backticks(key.text) + " must be `public` or a map",
                 "write `{category: contact, mask: \"null\"}`");
  }
  if (name) table.columns.push_back(std::move(rule));
}

void read_table(const YamlNode& node, TableRule& table, Reporter& report) {
  Fields fields(node, "table " + in_backticks(table.name.display()), report);
  if (!fields) return;
  table.description = read_description(fields, report);
  if (const YamlNode* subject = fields.find("subject")) table.subject = read_table_subject(*subject, report);
  if (const YamlNode* columns = fields.find("columns")) {
    if (expect_map(*columns, "`columns`", report)) {
      std::set<std::string> seen;
      for (std::size_t i = 0; i < columns->keys.size(); ++i) {
        read_column(columns->keys[i], columns->items[i], table, seen, report);
      }
    }
  }
  if (const YamlNode* others = fields.find("other_columns")) {
    table.others_at = others->at;
    table.others_public =
        read_choice(*others, "`other_columns`", {"mask", "public"}, report).value_or(0) == 1;
  }
  fields.finish();
}

}  // namespace

void read_tables(const YamlNode& node, RuleSet& rules, Reporter& report) {
  if (!expect_map(node, "`tables`", report)) return;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const Text& key = node.keys[i];
    auto name = parse_table_name(key, true, report);
    TableRule table;
    if (name) {
      if (!seen.insert(name->display()).second && name->display() != key.text) {
        report.error(key.at, "duplicate table " + in_backticks(key.text),
                     "unquoted names are folded to lower case");
      }
      table.name = std::move(*name);
    }
    table.subject.at = key.at;
    table.others_at = key.at;
    read_table(node.items[i], table, report);
    if (!table.name.name.text.empty()) rules.tables.push_back(std::move(table));
  }
}

}  // namespace pgconsent::rules
