// `source: builtin`: one compiled row per subject, a bit per purpose and category. Consent with times has its
// bit in `limited` and its times in `since` and `until`: it ends by itself.
#include <fmt/format.h>

#include "proxy/enforce/consent_sql.h"
#include "rules/builtin_store.h"

namespace pgconsent::enforce {

namespace {

class BuiltinConsent final : public ConsentSql {
 public:
  BuiltinConsent(const Generation& generation, const ConsentSqlRequest& request)
      : source_(*request.kind->consent),
        relation_(*generation.catalog().relation(source_.relation)),
        alias_(request.alias) {}

  std::string given(const std::string& purpose, std::string_view category) override {
    const int number = bit(purpose, category);
    if (number < 0) return {};
    const std::string until = fmt::format("{}.until[{}]", alias_, number + 1);
    return fmt::format("({0} OR ({1} AND {2} OPERATOR(pg_catalog.>) pg_catalog.statement_timestamp()))",
                       is_set("given", number), begun(number), until);
  }

  std::string withdrawn(const std::string& purpose, std::string_view category) override {
    const int number = bit(purpose, category);
    if (number < 0) return {};
    return fmt::format("({} AND ({}) IS NOT TRUE)", is_set("withdrawn", number), begun(number));
  }

  // Of the purpose as a whole.
  std::string objected(const std::string& purpose) override {
    const int number = bit(purpose, "");
    return number < 0 ? "TRUE" : is_set("objected", number);
  }

  std::string restricted() override {
    used_ = true;
    return alias_ + ".restricted";
  }

  bool is_one_record() const override { return true; }
  bool by_purpose() const override { return true; }

  std::string join(std::string_view key) const override {
    if (!used_) return {};
    return fmt::format(" LEFT JOIN {} {} ON {}", relation_sql(relation_), alias_,
                       equal_sql(column_sql(relation_, source_.subject, alias_), key));
  }
  // Objections and restriction are always asked for, and they are not looked for in the join.
  std::string join_one(std::string_view key) const override { return join(key); }
  std::string joined_one() override { return {}; }
  Records records(std::string_view, std::string_view) const override { return {}; }

 private:
  int bit(const std::string& purpose, std::string_view category) const {
    auto found = source_.bits.find({purpose, std::string(category)});
    return found == source_.bits.end() ? -1 : found->second;
  }

  // Consent with times that has begun, over or not.
  std::string begun(int number) {
    return fmt::format("{} AND {}.since[{}] OPERATOR(pg_catalog.<=) pg_catalog.statement_timestamp()",
                       is_set("limited", number), alias_, number + 1);
  }

  std::string is_set(std::string_view word, int number) {
    used_ = true;
    return fmt::format(
        "({}.{}_{} OPERATOR(pg_catalog.&) CAST({} AS pg_catalog.int8)) OPERATOR(pg_catalog.<>) "
        "CAST(0 AS pg_catalog.int8)",
        alias_, word, number / rules::store_bits_per_word,
        std::int64_t{1} << number % rules::store_bits_per_word);
  }

  const rules::ConsentSource& source_;
  const parser::Relation& relation_;
  const std::string alias_;
  bool used_ = false;
};

}  // namespace

std::unique_ptr<ConsentSql> make_builtin_consent(const Generation& generation,
                                                 const ConsentSqlRequest& request) {
  return std::make_unique<BuiltinConsent>(generation, request);
}

}  // namespace pgconsent::enforce
