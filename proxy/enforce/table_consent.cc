// `source: table`: records in a table of the application's own.
//
// Without `history` all records of a subject, purpose and category count: consent is given where a record
// gives it now and none says otherwise. With it the latest do (those that share the latest value, and those
// without one); a record that gives consent from a later time on is none yet. Times only limit what gives:
// withdrawals, objections and restrictions hold at any time. Objections are to the purpose, whatever the
// category; a restriction is of the subject, whatever the purpose.
#include <fmt/format.h>

#include <algorithm>

#include "proxy/enforce/consent_sql.h"

#include "parser/names/type_oids.h"

namespace pgconsent::enforce {

namespace {

using parser::Column;
using parser::quote_literal;
using rules::ConsentSource;

// Time stamps without a zone are read as UTC: a session's TimeZone must not decide about a mask.
std::string now_for(const Column& column) {
  if (column.type == parser::timestamptz_oid) return "pg_catalog.statement_timestamp()";
  return "pg_catalog.timezone('UTC', pg_catalog.statement_timestamp())";
}

class TableConsent : public ConsentSql {
 public:
  TableConsent(const Generation& generation, const ConsentSqlRequest& request)
      : generation_(generation),
        kind_(*request.kind),
        source_(*request.kind->consent),
        relation_(*generation.catalog().relation(source_.relation)),
        purpose_(*request.purpose),
        alias_(request.alias),
        restricts_(!source_.restricted.empty() && !purpose_.under_restriction) {
    one_purpose_ = !source_.purpose || (purpose_.wider.empty() && !restricts_);
    aggregated_ = !source_.one_row || source_.category || !one_purpose_;
  }

  std::string given(const std::string& purpose, std::string_view category) override {
    used_ = true;
    if (!aggregated_) return "(" + giving(alias_) + ")";
    return flag(with_labels(giving("r"), purpose, category));
  }

  std::string withdrawn(const std::string& purpose, std::string_view category) override {
    used_ = true;
    const std::string record = is_not_true(condition("given", record_alias()));
    if (!aggregated_) return "(" + found() + " AND " + record + ")";
    return flag(with_labels(record, purpose, category));
  }

  std::string objected(const std::string& purpose) override {
    if (source_.objected.empty()) return {};
    used_ = true;
    const std::string record = condition("objected", record_alias()) + " IS NOT FALSE";
    if (!aggregated_) return "(" + found() + " AND " + record + ")";
    return flag(with_labels(record, purpose, {}));
  }

  std::string restricted() override {
    if (source_.restricted.empty()) return {};
    used_ = true;
    const std::string record = condition("restricted", record_alias()) + " IS NOT FALSE";
    return aggregated_ ? flag(record) : "(" + found() + " AND " + record + ")";
  }

  bool is_one_record() const override { return source_.one_row; }
  bool by_purpose() const override { return source_.purpose.has_value(); }

  std::string join(std::string_view key) const override {
    if (!used_) return {};
    if (aggregated_) return is_indexed() ? join_lateral(key) : join_aggregate(key);
    return fmt::format(" LEFT JOIN {} {} ON {}{}", relation_sql(relation_), alias_,
                       equal_sql(column_sql(relation_, source_.subject, alias_), key), and_purpose(alias_));
  }

  std::string join_few(std::string_view key) const override {
    return used_ && aggregated_ ? join_lateral(key) : join(key);
  }

  std::string join_one(std::string_view key) const override {
    const std::string sql = join_few(key);
    return sql.empty() || aggregated_ ? sql : sql + " AND " + giving(alias_);
  }

  std::string joined_one() override {
    if (aggregated_) return {};
    used_ = true;
    return found();
  }

  Records records(std::string_view key, std::string_view category) const override {
    if (!source_.one_row || !one_purpose_) return {};
    std::string where = equal_sql(column_sql(relation_, source_.subject, alias_), key) + and_purpose(alias_);
    if (source_.category)
      where += " AND " + equal_sql(column_sql(relation_, *source_.category, alias_), quote_literal(category));
    return {relation_sql(relation_) + " " + alias_, where + " AND " + giving(alias_)};
  }

 private:
  std::string_view record_alias() const { return aggregated_ ? std::string_view("r") : alias_; }
  std::string found() const { return column_sql(relation_, source_.subject, alias_) + " IS NOT NULL"; }

  std::string condition(std::string_view what, std::string_view alias) const {
    return generation_.conditions().of_source(kind_.name, what, alias);
  }

  std::string giving(std::string_view alias) const {
    std::string sql = condition("given", alias);
    if (source_.valid_from) {
      sql +=
          fmt::format(" AND {} OPERATOR(pg_catalog.<=) {}", column_sql(relation_, *source_.valid_from, alias),
                      now_for(*relation_.column(*source_.valid_from)));
    }
    if (source_.valid_until) {
      const std::string until = column_sql(relation_, *source_.valid_until, alias);
      sql += fmt::format(" AND ({0} IS NULL OR {0} OPERATOR(pg_catalog.>) {1})", until,
                         now_for(*relation_.column(*source_.valid_until)));
    }
    return sql;
  }

  std::string and_purpose(std::string_view alias) const {
    if (!source_.purpose) return {};
    return " AND " + equal_sql(column_sql(relation_, *source_.purpose, alias), quote_literal(purpose_.name));
  }

  std::string with_labels(std::string record, const std::string& purpose, std::string_view category) const {
    if (!one_purpose_)
      record += " AND " + equal_sql(column_sql(relation_, *source_.purpose, "r"), quote_literal(purpose));
    if (source_.category && !category.empty())
      record += " AND " + equal_sql(column_sql(relation_, *source_.category, "r"), quote_literal(category));
    return record;
  }

  std::string flag(std::string record) {
    auto found = std::find(flags_.begin(), flags_.end(), record);
    const auto position = found - flags_.begin();
    if (found == flags_.end()) flags_.push_back(std::move(record));
    return fmt::format("{}.c{}", alias_, position);
  }

  // Several records per subject: one row of flags, so that the guard never multiplies rows.
  std::string join_aggregate(std::string_view key) const {
    const std::string subject = column_sql(relation_, source_.subject, "r");
    return fmt::format(" LEFT JOIN (SELECT {0} AS k, {1} FROM {2} GROUP BY {0}) {3} ON {4}", subject,
                       flag_list(), flagged({}), alias_, equal_sql(alias_ + ".k", key));
  }

  // The same as one row for each row that is joined: with an index half as slow again for a whole table, and
  // faster by the size of the consent table for what takes few rows of it. Of no records all flags are NULL.
  std::string join_lateral(std::string_view key) const {
    const std::string subject = column_sql(relation_, source_.subject, "r");
    return fmt::format(" LEFT JOIN LATERAL (SELECT {} FROM {}) {} ON TRUE", flag_list(),
                       flagged(equal_sql(subject, key)), alias_);
  }

  bool is_indexed() const {
    const auto& columns = relation_.found_by_index;
    return std::find(columns.begin(), columns.end(), source_.subject) != columns.end();
  }

  std::string flag_list() const {
    std::string flags;
    for (std::size_t i = 0; i < flags_.size(); ++i)
      flags += fmt::format("{}pg_catalog.bool_or({}) AS c{}", i == 0 ? "" : ", ", flags_[i], i);
    return flags;
  }

  // The records that are looked at; `where`: further limited to these.
  std::string flagged(std::string where) const {
    std::string purposes;
    if (source_.purpose && one_purpose_) purposes = and_purpose("r").substr(5);
    if (source_.purpose && !restricts_ && !one_purpose_) purposes = any_purpose();
    if (!purposes.empty()) where += (where.empty() ? "" : " AND ") + purposes;
    std::string from = relation_sql(relation_) + " r";
    if (source_.history && !source_.one_row) {
      from = latest(where);
      where = equal_sql("r.pgconsent_rank", "1");
    }
    return from + (where.empty() ? "" : " WHERE " + where);
  }

  std::string any_purpose() const {
    std::vector<std::string> names;
    const std::string column = column_sql(relation_, *source_.purpose, "r");
    names.push_back(equal_sql(column, quote_literal(purpose_.name)));
    for (const std::string& wider : purpose_.wider) names.push_back(equal_sql(column, quote_literal(wider)));
    return any_of(names);
  }

  // Ties all count, and what can't be put in order (NULL) counts beside the latest.
  std::string latest(std::string where) const {
    std::string by = column_sql(relation_, source_.subject, "r");
    if (source_.purpose) by += ", " + column_sql(relation_, *source_.purpose, "r");
    if (source_.category) by += ", " + column_sql(relation_, *source_.category, "r");
    if (source_.valid_from) {
      std::vector<std::string> counts{
          is_not_true(fmt::format("{} OPERATOR(pg_catalog.>) {}",
                                  column_sql(relation_, *source_.valid_from, "r"),
                                  now_for(*relation_.column(*source_.valid_from)))),
          condition("given", "r") + " IS NOT TRUE"};
      if (!source_.objected.empty()) counts.push_back(condition("objected", "r") + " IS NOT FALSE");
      if (!source_.restricted.empty()) counts.push_back(condition("restricted", "r") + " IS NOT FALSE");
      where += (where.empty() ? "" : " AND ") + any_of(counts);
    }
    const std::string history = column_sql(relation_, *source_.history, "r");
    return fmt::format(
        "(SELECT r.*, pg_catalog.rank() OVER (PARTITION BY {}, {} IS NULL ORDER BY {} DESC) AS "
        "pgconsent_rank "
        "FROM {} r{}) r",
        by, history, history, relation_sql(relation_), where.empty() ? "" : " WHERE " + where);
  }

  const Generation& generation_;
  const rules::SubjectKind& kind_;
  const ConsentSource& source_;
  const parser::Relation& relation_;
  const rules::Purpose& purpose_;
  const std::string alias_;
  const bool restricts_;
  bool one_purpose_ = true;  // the records of one purpose are all that is looked at
  bool aggregated_ = false;
  bool used_ = false;
  std::vector<std::string> flags_;
};

}  // namespace

std::unique_ptr<ConsentSql> make_table_consent(const Generation& generation,
                                               const ConsentSqlRequest& request) {
  return std::make_unique<TableConsent>(generation, request);
}

}  // namespace pgconsent::enforce
