// What the consent source of one subject path says, as SQL. One class per kind of source.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/enforce/generation.h"
#include "rules/policy.h"

namespace pgconsent::enforce {

// Each answer is boolean SQL over the source's own alias, or empty where the source can't say so. TRUE counts
// and nothing else: a NULL has been made TRUE where it forbids.
class ConsentSql {
 public:
  virtual ~ConsentSql() = default;
  virtual std::string given(const std::string& purpose, std::string_view category) = 0;
  // Somebody has said that there is no consent (any more).
  virtual std::string withdrawn(const std::string& purpose, std::string_view category) = 0;
  virtual std::string objected(const std::string& purpose) = 0;
  virtual std::string restricted() = 0;

  // Consent is one record at most for a purpose and category: what is not given needs no second look.
  virtual bool is_one_record() const = 0;
  // Does the source tell purposes apart? Otherwise what it says of one it says of all.
  virtual bool by_purpose() const = 0;

  // LEFT JOIN … for what has been asked so far; it never multiplies rows. Empty: nothing to join.
  virtual std::string join(std::string_view key) const = 0;
  // The same where few rows are joined. Of a subquery with GROUP BY k the server expects as many rows as a
  // subject has records, also where k is known, and multiplies by them.
  virtual std::string join_few(std::string_view key) const { return join(key); }
  // The same where consent to one purpose is all that is asked, and one record can give it: it is looked for
  // in the join itself. Then `joined_one()` says whether it was found.
  virtual std::string join_one(std::string_view key) const = 0;
  virtual std::string joined_one() = 0;
  // FROM item and conditions under which its rows give consent to a category; empty where that takes more.
  struct Records {
    std::string from, where;
  };
  virtual Records records(std::string_view key, std::string_view category) const = 0;
};

struct ConsentSqlRequest {
  const rules::SubjectKind* kind = nullptr;  // has a consent source
  const rules::Purpose* purpose = nullptr;
  std::string alias;     // of the source
  bool own_row = false;  // flags: `alias` is the protected row itself
};
std::unique_ptr<ConsentSql> make_consent_sql(const Generation& generation, const ConsentSqlRequest& request);
std::unique_ptr<ConsentSql> make_table_consent(const Generation& generation,
                                               const ConsentSqlRequest& request);
std::unique_ptr<ConsentSql> make_column_consent(const Generation& generation,
                                                const ConsentSqlRequest& request);

std::unique_ptr<ConsentSql> make_builtin_consent(const Generation& generation,
                                                 const ConsentSqlRequest& request);

// Generated SQL, piece by piece.
std::string column_sql(const parser::Relation& relation, parser::AttrNumber attnum, std::string_view alias);
std::string relation_sql(const parser::Relation& relation);
std::string equal_sql(std::string_view left, std::string_view right);
std::string is_not_true(const std::string& condition);
// With parentheses where there are several. Of none: TRUE and FALSE.
std::string all_of(const std::vector<std::string>& conditions);
std::string any_of(const std::vector<std::string>& conditions);

}  // namespace pgconsent::enforce
