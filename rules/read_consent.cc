// consent: {customer: {source: table, table: public.user_consents, subject: user_id, given: …}}
#include "rules/reader.h"
#include "rules/suggest.h"

namespace pgconsent::rules {

namespace {

void optional_column(Fields& fields, std::string_view key, std::optional<Text>& out, Reporter& report) {
  if (const YamlNode* node = fields.find(key)) out = read_identifier(*node, in_backticks(key), report);
}

void optional_condition(Fields& fields, std::string_view key, std::optional<Text>& out, Reporter& report) {
  if (const YamlNode* node = fields.find(key)) out = read_condition(*node, key, report);
}

void read_flags(const YamlNode& node, std::string_view key, std::vector<std::pair<Text, Text>>& flags,
                Reporter& report) {
  if (!expect_map(node, in_backticks(key), report)) return;
  if (node.keys.empty()) report.error(node.at, in_backticks(key) + " names no column");
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    if (auto column = read_identifier(node.items[i], "the flag column", report)) {
      flags.emplace_back(node.keys[i], std::move(*column));
    }
  }
}

void read_given(Fields& fields, ConsentRule& consent, Reporter& report) {
  const YamlNode* node = fields.require("given",
                                        "a condition over the table's columns: `given: status = 'given'`, or "
                                        "`given: true` when every row counts");
  if (node == nullptr) return;
  if (auto given = read_condition(*node, "given", report)) consent.given = std::move(*given);
}

void read_table_source(Fields& fields, ConsentRule& consent, Reporter& report) {
  consent.source = ConsentSource::Kind::table;
  if (const YamlNode* node = fields.require("table")) {
    if (auto name = read_table_name(*node, "`table`", report)) consent.table = std::move(*name);
  }
  if (const YamlNode* node = fields.require("subject", "the column that holds the subject's key")) {
    if (auto name = read_identifier(*node, "`subject`", report)) consent.subject = std::move(*name);
  }
  optional_column(fields, "purpose", consent.purpose, report);
  optional_column(fields, "category", consent.category, report);
  read_given(fields, consent, report);
  optional_column(fields, "valid_from", consent.valid_from, report);
  optional_column(fields, "valid_until", consent.valid_until, report);
  optional_column(fields, "history", consent.history, report);
  optional_condition(fields, "objected", consent.objected, report);
  optional_condition(fields, "restricted", consent.restricted, report);
}

void read_column_source(Fields& fields, ConsentRule& consent, Reporter& report) {
  consent.source = ConsentSource::Kind::column;
  const YamlNode* flags = fields.find("columns");
  const YamlNode* objections = fields.find("objections");
  if (flags != nullptr) read_flags(*flags, "columns", consent.flags, report);
  if (objections != nullptr) read_flags(*objections, "objections", consent.objections, report);
  if (flags == nullptr && objections == nullptr)
    fields.require("columns", "write `columns: {marketing: marketing_opt_in}`");
  optional_column(fields, "restricted", consent.restricted, report);
}

void read_source(const YamlNode& node, ConsentRule& consent, Reporter& report) {
  Fields fields(node, "consent of " + in_backticks(consent.kind.text), report);
  const YamlNode* source = fields.require("source", "it is `builtin`, `table` or `column`");
  if (source == nullptr) return;
  auto choice = read_choice(*source, "`source`", {"table", "column", "builtin"}, report);
  if (!choice) return;
  if (*choice == 0) read_table_source(fields, consent, report);
  if (*choice == 1) read_column_source(fields, consent, report);
  if (*choice == 2) consent.source = ConsentSource::Kind::builtin;
  fields.finish();
}

}  // namespace

void read_consent(const YamlNode& node, RuleSet& rules, Reporter& report) {
  if (!expect_map(node, "`consent`", report)) return;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    ConsentRule consent;
    consent.kind = node.keys[i];
    read_source(node.items[i], consent, report);
    rules.consent.push_back(std::move(consent));
  }
}

}  // namespace pgconsent::rules
