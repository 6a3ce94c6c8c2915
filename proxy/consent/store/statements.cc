#include "proxy/consent/store/statements.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>

#include "parser/names/identifier.h"
#include "proxy/consent/formats/event.h"

namespace pgconsent::consent {

// Written by CMake from the .sql files.
extern const char* const store_001_store;
extern const char* const store_002_refusals;
extern const char* const store_003_judging;
extern const char* const store_functions;
extern const char* const store_kind;
extern const char* const store_compile;

namespace {

using parser::quote_identifier;

constexpr int partitions = 8;
constexpr const char* bit_names[] = {"given", "limited", "withdrawn", "objected"};
// Keys read and written as text are the same whoever calls.
constexpr const char* plain_text =
    "SET DateStyle = 'ISO, YMD' SET TimeZone = 'UTC' SET IntervalStyle = 'postgres' SET bytea_output = 'hex' "
    "SET extra_float_digits = 1";

using Values = std::map<std::string, std::string, std::less<>>;

std::string fill_in(std::string_view text, const Values& values) {
  std::string out;
  for (;;) {
    const std::size_t begin = text.find('@');
    const std::size_t end = begin == text.npos ? begin : text.find('@', begin + 1);
    if (end == text.npos) return out.append(text);
    out.append(text.substr(0, begin));
    auto value = values.find(text.substr(begin + 1, end - begin - 1));
    if (value == values.end()) {
      out.append(text.substr(begin, end - begin));  // the second @ may begin a word
      text.remove_prefix(end);
    } else {
      out.append(value->second);
      text.remove_prefix(end + 1);
    }
  }
}

std::string aggregate(std::string_view condition, int word, std::string_view name) {
  return fmt::format(
      "coalesce(bit_or(1::bigint << l.number % {0}) FILTER (WHERE {1} AND l.number / {0} = {2}), 0) AS "
      "{3}_{2}",
      rules::store_bits_per_word, condition, word, name);
}

class KindTemplate {
 public:
  KindTemplate(const rules::StoreKind& kind, int pairs) : kind_(kind), words_(words_of(pairs)) {
    names();
    tables();
    bits();
    values_["fresh"] = "fresh";
    values_["compile_statement"] = fill(store_compile);
    values_["fresh"] = "(SELECT NEW.*)";
    values_["compile_row"] = fill(store_compile);
  }

  std::string fill(std::string_view text) const { return fill_in(text, values_); }

 private:
  void names() {
    values_["kind_text"] = parser::quote_literal(kind_.name);
    values_["event"] = quote_identifier("consent_event_" + kind_.name);
    values_["consent"] = quote_identifier(rules::compiled_table(kind_.name));
    for (const char* function : {"compile", "replay", "apply", "state"})
      values_[function] = quote_identifier(kind_.name + "_" + function);
    values_["key_type"] = kind_.key_type;
    values_["key_cast"] = cast_type(kind_.key_type);
    values_["subject_table"] = kind_.table;
    values_["subject_key"] = kind_.key;
    values_["input_columns"] = event_input_columns();
    values_["part_columns"] = fmt::format("n.line, n.{}", fmt::join(event_fields, ", n."));
    values_["plain_text"] = plain_text;
    values_["longest_text"] = std::to_string(longest_text);
  }

  void tables() {
    std::string& sql = values_["partitions"];
    for (int i = 0; i < partitions; ++i) {
      const std::string name = quote_identifier(fmt::format("consent_event_{}_{}", kind_.name, i));
      sql += fmt::format(
          "CREATE TABLE IF NOT EXISTS pgconsent.{0} PARTITION OF pgconsent.{1} FOR VALUES WITH "
          "(MODULUS {2}, REMAINDER {3});\n"
          "CREATE OR REPLACE TRIGGER append_only_truncate BEFORE TRUNCATE OR INSERT ON pgconsent.{0} "
          "FOR EACH STATEMENT EXECUTE FUNCTION pgconsent.refuse_change();\n",
          name, values_["event"], partitions, i);
    }
    std::string& words = values_["add_words"];
    for (int word = 0; word < words_; ++word) {
      for (const char* bit : bit_names) {
        words += fmt::format(
            "ALTER TABLE pgconsent.{} ADD COLUMN IF NOT EXISTS {}_{} bigint NOT NULL DEFAULT 0;\n",
            values_["consent"], bit, word);
      }
    }
  }

  void bits() {
    const std::map<std::string_view, std::string_view> when{
        {"given", "l.event_type = 'give' AND NOT l.limited"},
        {"limited", "l.limited"},
        {"withdrawn", "l.event_type IN ('refuse', 'withdraw')"},
        {"objected", "l.event_type = 'object'"}};
    for (int word = 0; word < words_; ++word) {
      for (const char* bit : bit_names) {
        const std::string column = fmt::format("{}_{}", bit, word);
        add("bit_aggregates", aggregate(when.at(bit), word, bit) + ",", "\n      ");
        add("bit_columns", column, ", ");
        add("bit_values", fmt::format("coalesce(b.{}, 0)", column), ", ");
        add("bit_updates", update(bit, word) + ",", "\n    ");
        add(std::string(bit) + "_cases", fmt::format("WHEN {} THEN c.{}", word, column), " ");
      }
      add("lift_aggregates", aggregate("true", word, "lifted"), ", ");
      add("lift_updates", fmt::format("objected_{0} = c.objected_{0} & ~l.lifted_{0}", word), ", ");
    }
    for (const char* bit : bit_names) {
      values_[std::string(bit) + "_bit"] =
          fmt::format("(CASE p.number / {0} {1} END >> p.number % {0}) & 1 = 1", rules::store_bits_per_word,
                      values_[std::string(bit) + "_cases"]);
    }
  }

  // What is withdrawn stays so until the consent begins that comes after it.
  static std::string update(std::string_view bit, int word) {
    const std::string column = fmt::format("{}_{}", bit, word);
    if (bit == "objected") return fmt::format("{0} = c.{0} | EXCLUDED.{0}", column);
    std::string limited = fmt::format("EXCLUDED.limited_{}", word);
    if (bit == "withdrawn") limited = begun("EXCLUDED", word) + " | " + begun("c", word);
    return fmt::format("{0} = (c.{0} & ~(EXCLUDED.given_{1} | EXCLUDED.withdrawn_{1} | {2})) | EXCLUDED.{0}",
                       column, word, limited);
  }

  static std::string begun(std::string_view row, int word) {
    return fmt::format(
        "({0}.limited_{1} & ~CASE WHEN {0}.since IS NULL THEN 0 ELSE pgconsent.not_yet({0}.since, {1}, {2}) "
        "END)",
        row, word, rules::store_bits_per_word);
  }

  void add(const std::string& word, const std::string& text, std::string_view separator) {
    std::string& value = values_[word];
    value.append(value.empty() ? "" : separator).append(text);
  }

  const rules::StoreKind& kind_;
  const int words_;
  Values values_;
};

}  // namespace

std::string cast_type(std::string type) {
  type.resize(std::min(type.size(), type.find(" COLLATE ")));
  const std::size_t open = type.rfind('('), close = type.find(')', open);
  if (open != type.npos && close != type.npos) type.erase(open, close - open + 1);
  return type;
}

std::vector<Migration> migrations() {
  return {
      {1, "store", store_001_store}, {2, "refusals", store_002_refusals}, {3, "judging", store_003_judging}};
}

std::string functions_sql() {
  return fill_in(store_functions, {{"plain_text", plain_text}});
}

int words_of(int pairs) {
  return (pairs + rules::store_bits_per_word - 1) / rules::store_bits_per_word;
}

std::string kind_sql(const rules::StoreKind& kind, int pairs) {
  return KindTemplate(kind, pairs).fill(store_kind);
}

std::string withdraw_sql(const rules::StoreKind& kind, const rules::StorePair& pair, int number) {
  return fmt::format(
      "UPDATE pgconsent.{0} c SET withdrawn_{1} = c.withdrawn_{1} | {2} FROM (SELECT DISTINCT ON (e.subject) "
      "e.subject, e.event_type FROM pgconsent.{3} e WHERE e.purpose = {4} AND e.category IS NULL AND "
      "(e.event_type IN ('refuse', 'withdraw') OR e.event_type = 'give' AND "
      "coalesce(e.valid_from, '-infinity') <= now()) "
      "ORDER BY e.subject, e.id DESC) l "
      "WHERE l.event_type <> 'give' AND c.subject = l.subject::{5}",
      quote_identifier(rules::compiled_table(kind.name)), number / rules::store_bits_per_word,
      std::int64_t{1} << number % rules::store_bits_per_word, quote_identifier("consent_event_" + kind.name),
      parser::quote_literal(pair.first), cast_type(kind.key_type));
}

std::string_view event_input_columns() {
  return "line, event_type, subject_kind, subject, purpose, category, occurred_at, valid_from, valid_until, "
         "lawful_basis, controller, recipients, notice, notice_version, jurisdiction, actor, method, "
         "evidence";
}

}  // namespace pgconsent::consent
