// `source: column`: flags on the subject's own row. NULL of a flag: nobody has said anything.
#include <fmt/format.h>

#include "proxy/enforce/consent_sql.h"

namespace pgconsent::enforce {

namespace {

using rules::ConsentSource;

class ColumnConsent : public ConsentSql {
 public:
  ColumnConsent(const Generation& generation, const ConsentSqlRequest& request)
      : source_(*request.kind->consent),
        relation_(*generation.catalog().relation(source_.relation)),
        purpose_(*request.purpose),
        alias_(request.alias),
        own_row_(request.own_row) {}

  std::string given(const std::string& purpose, std::string_view) override {
    return flag(source_.flags, purpose);
  }

  std::string withdrawn(const std::string& purpose, std::string_view) override {
    const std::string sql = flag(source_.flags, purpose);
    return sql.empty() ? sql : sql + " IS FALSE";
  }

  std::string objected(const std::string& purpose) override {
    const std::string sql = flag(source_.objections, purpose);
    return sql.empty() ? sql : sql + " IS NOT FALSE";
  }

  std::string restricted() override {
    if (!source_.restricted_column) return {};
    used_ = true;
    return column_sql(relation_, *source_.restricted_column, alias_) + " IS NOT FALSE";
  }

  bool is_one_record() const override { return true; }
  bool by_purpose() const override { return true; }

  std::string join(std::string_view key) const override {
    if (own_row_ || !used_) return {};
    return fmt::format(" LEFT JOIN {} {} ON {}", relation_sql(relation_), alias_,
                       equal_sql(column_sql(relation_, source_.subject, alias_), key));
  }

  std::string join_one(std::string_view key) const override {
    const std::string sql = join(key);
    return sql.empty() ? sql : sql + " AND " + own_flag();
  }

  std::string joined_one() override {
    used_ = true;
    return own_row_ ? own_flag() : column_sql(relation_, source_.subject, alias_) + " IS NOT NULL";
  }

  Records records(std::string_view key, std::string_view) const override {
    if (own_row_) return {};
    return {relation_sql(relation_) + " " + alias_,
            equal_sql(column_sql(relation_, source_.subject, alias_), key) + " AND " + own_flag()};
  }

 private:
  std::string flag(const ConsentSource::Flags& flags, const std::string& purpose) {
    auto found = flags.find(purpose);
    if (found == flags.end()) return {};
    used_ = true;
    return column_sql(relation_, found->second, alias_);
  }

  // The one flag of the purpose and the wider ones.
  std::string own_flag() const {
    auto found = source_.flags.find(purpose_.name);
    for (const std::string& wider : purpose_.wider) {
      if (found == source_.flags.end()) found = source_.flags.find(wider);
    }
    return found == source_.flags.end() ? "FALSE" : column_sql(relation_, found->second, alias_);
  }

  const ConsentSource& source_;
  const parser::Relation& relation_;
  const rules::Purpose& purpose_;
  const std::string alias_;
  const bool own_row_;
  bool used_ = false;
};

}  // namespace

std::unique_ptr<ConsentSql> make_column_consent(const Generation& generation,
                                                const ConsentSqlRequest& request) {
  return std::make_unique<ColumnConsent>(generation, request);
}

}  // namespace pgconsent::enforce
