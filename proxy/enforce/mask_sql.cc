#include "proxy/enforce/mask_sql.h"

#include <fmt/format.h>

#include "parser/names/type_oids.h"
#include "proxy/enforce/plan.h"

namespace pgconsent::enforce {

namespace {

using parser::quote_literal;
using rules::Mask;

// A value no longer than what would be kept is replaced by the pad alone.
std::string partial_sql(const Mask& mask, std::string_view text) {
  return fmt::format(
      "CASE WHEN pg_catalog.length({0}) OPERATOR(pg_catalog.<=) {1} THEN {2} ELSE pg_catalog.\"left\"({0}, "
      "{3}) "
      "OPERATOR(pg_catalog.||) {2} OPERATOR(pg_catalog.||) pg_catalog.\"right\"({0}, {4}) END",
      text, mask.prefix + mask.suffix, "CAST(" + quote_literal(mask.text) + " AS pg_catalog.text)",
      mask.prefix, mask.suffix);
}

// j***@e***.com; what is not of the form a@b.c becomes ***. Patterns and parts are not looked for under a
// nondeterministic collation: so under another, and the column's own again at the end.
std::string email_sql(std::string_view column, std::string_view collation) {
  const std::string cast = fmt::format("CAST({} AS pg_catalog.text)", column);
  const std::string text = collation.empty() ? cast : fmt::format("({} COLLATE pg_catalog.\"C\")", cast);
  const std::string sql = fmt::format(
      "CASE WHEN {0} OPERATOR(pg_catalog.~) '^[^@]+@[^@]+[.][^@.]+$' THEN pg_catalog.\"left\"({0}, 1) "
      "OPERATOR(pg_catalog.||) '***@' OPERATOR(pg_catalog.||) pg_catalog.\"left\"(pg_catalog.split_part({0}, "
      "'@', 2), 1) "
      "OPERATOR(pg_catalog.||) '***' OPERATOR(pg_catalog.||) pg_catalog.\"substring\"({0}, '[.][^@.]+$') "
      "ELSE '***' END",
      text);
  return collation.empty() ? sql : fmt::format("({}) COLLATE {}", sql, collation);
}

std::string hash_sql(std::string_view text) {
  return fmt::format("pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to({}, 'UTF8')), 'hex')", text);
}

// SHA-256(key || SHA-256(key || value)): keyed, without length extension.
std::string pseudonym_sql(std::string_view text, std::string_view key) {
  std::string bytes = fmt::format("pg_catalog.decode('{}', 'hex')", key);
  return fmt::format(
      "pg_catalog.encode(pg_catalog.sha256({0} OPERATOR(pg_catalog.||) pg_catalog.sha256({0} "
      "OPERATOR(pg_catalog.||) "
      "pg_catalog.convert_to({1}, 'UTF8'))), 'hex')",
      bytes, text);
}

// Near the ends of the types there is no beginning of the year, or no time stamp of the date, and one such
// row would fail every query: it becomes NULL.
std::string truncated_sql(std::string_view unit, const parser::Column& type, std::string_view column) {
  const bool zoned = type.type == parser::timestamptz_oid;
  const std::string_view name = zoned ? "timestamptz" : "\"timestamp\"", zone = zoned ? "+00" : "";
  const std::string stamp = fmt::format("CAST({} AS pg_catalog.{})", column, name);
  return fmt::format(
      "CASE WHEN {0} OPERATOR(pg_catalog.>=) CAST('4713-01-01 00:00:00{1} BC' AS pg_catalog.{2}) AND {0} "
      "OPERATOR(pg_catalog.<=) CAST('294276-12-31 00:00:00{1}' AS pg_catalog.{2}) THEN "
      "pg_catalog.date_trunc('{3}', {4}{5}) WHEN NOT pg_catalog.isfinite({0}) THEN {4} END",
      column, zone, name, unit, stamp, zoned ? ", 'UTC'" : "");
}

// The highest value of whole numbers and of numeric(p,s); empty: of a type that has none.
std::string highest(const parser::Column& type) {
  switch (type.type) {
    case 21:
      return "32767";
    case 23:
      return "2147483647";
    case 20:
      return "9223372036854775807";
    case 1700: {
      if (type.typmod < 4) return {};
      const int precision = (type.typmod - 4) >> 16;
      const int scale = (((type.typmod - 4) & 0x7ff) ^ 1024) - 1024;
      return std::string(static_cast<std::size_t>(precision), '9') + fmt::format("e{}", -scale);
    }
    default:
      return {};
  }
}

// Near an end of its type's range a value would be rounded beyond it, and one such row fail every query. NaN,
// which is above all others, stays what it is.
std::string within_type(const std::string& value, const std::string& number, const parser::Column& type) {
  const std::string limit = highest(type);
  if (limit.empty()) return value;
  std::string lowest = "-" + limit;
  if (type.typmod < 0) lowest.back() = '8';  // whole numbers reach one further below
  const std::string within = fmt::format(
      "LEAST(GREATEST({}, CAST('{}' AS pg_catalog.\"numeric\")), CAST('{}' AS pg_catalog.\"numeric\"))",
      value, lowest, limit);
  if (type.typmod < 0) return within;
  return fmt::format(
      "CASE WHEN {0} OPERATOR(pg_catalog.=) CAST('NaN' AS pg_catalog.\"numeric\") THEN {0} ELSE {1} END",
      number, within);
}

std::string masked(const Mask& mask, const parser::Column& type, std::string_view column,
                   const MaskContext& context) {
  const std::string text = fmt::format("CAST({} AS pg_catalog.text)", column);
  const std::string number = fmt::format("CAST({} AS pg_catalog.\"numeric\")", column);
  switch (mask.kind) {
    case Mask::Kind::null:
      return {};
    case Mask::Kind::constant:
      return quote_literal(mask.text);
    case Mask::Kind::partial:
      return partial_sql(mask, text);
    case Mask::Kind::email:
      return email_sql(column, type.collation_sql);
    case Mask::Kind::hash:
      return hash_sql(text);
    case Mask::Kind::pseudonym:
      return pseudonym_sql(text, context.pseudonym_key);
    case Mask::Kind::year:
      return truncated_sql("year", type, column);
    case Mask::Kind::month:
      return truncated_sql("month", type, column);
    case Mask::Kind::round:
      return within_type(fmt::format("pg_catalog.round({}, {})", number, mask.step), number, type);
    case Mask::Kind::range:
      return within_type(
          fmt::format("pg_catalog.floor({0} OPERATOR(pg_catalog./) {1}) OPERATOR(pg_catalog.*) {1}", number,
                      mask.step),
          number, type);
  }
  return {};
}

// concat is not immutable and its argument is a column: nothing of it is evaluated before the row is there.
// The value itself goes nowhere: a cast of it might be anybody's function.
std::string of_the_row(std::string_view column) {
  return fmt::format("CASE WHEN {} IS NULL THEN '' END", column);
}

}  // namespace

std::string mask_sql(const Mask& mask, const parser::Column& type, std::string_view column,
                     const MaskContext& context) {
  const std::string value = masked(mask, type, column, context);
  if (value.empty()) return value;
  const std::string cast = fmt::format("CAST({} AS {})", value, type.type_sql);
  // The others are strict by themselves; LEAST and GREATEST leave NULL out.
  const bool strict = mask.kind != Mask::Kind::constant && mask.kind != Mask::Kind::email &&
                      mask.kind != Mask::Kind::round && mask.kind != Mask::Kind::range;
  if (strict) return cast;
  return fmt::format("CASE WHEN {} IS NULL THEN CAST(NULL AS {}) ELSE {} END", column, type.type_sql, cast);
}

std::string guarded_sql(std::string_view condition, std::string_view value, std::string_view otherwise,
                        const parser::Column& type) {
  // A CASE keeps the type modifier, and a domain, only where all branches have them.
  const bool plain = type.typmod < 0 && type.type < parser::first_user_oid;
  if (otherwise.empty() && plain) return fmt::format("CASE WHEN {} THEN {} END", condition, value);
  if (otherwise.empty())
    return fmt::format("CASE WHEN {} THEN {} ELSE CAST(NULL AS {}) END", condition, value, type.type_sql);
  return fmt::format("CASE WHEN {} THEN {} ELSE {} END", condition, value, otherwise);
}

std::string refusal_sql(const parser::Column& type, std::string_view column) {
  return fmt::format(
      "CAST(CAST(CAST(pg_catalog.concat('{}', {}) AS pg_catalog.int4) AS pg_catalog.text) AS {})",
      run_time_refusal_token, of_the_row(column), type.type_sql);
}

std::string checked_sql(std::string_view condition, std::string_view column, int rule) {
  return fmt::format(
      "CASE WHEN {} THEN TRUE ELSE CAST(pg_catalog.concat('{}', {}, {}) AS pg_catalog.bool) END", condition,
      write_refusal_token, rule, of_the_row(column));
}

}  // namespace pgconsent::enforce
