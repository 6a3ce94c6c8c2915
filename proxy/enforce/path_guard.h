// The way from a row to one of its subjects, and whether that subject gives a lawful basis: the joins, and
// per category the condition.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/enforce/consent_sql.h"

namespace pgconsent::enforce {

struct PathGuardRequest {
  const rules::ProtectedRelation* relation = nullptr;
  const rules::SubjectPath* path = nullptr;
  const rules::Purpose* purpose = nullptr;
  std::string_view row;  // the relation's name in generated SQL
  std::size_t index = 0;
  bool may_search = false;  // conditions may go to ON: one row at most is asked for
  bool few_rows = false;    // a few rows are asked for
};

class PathGuard {
 public:
  PathGuard(const Generation& generation, const PathGuardRequest& request);

  // Boolean SQL over the row and what joins() brings.
  std::string condition(std::string_view category);
  // SQL of the subject's key.
  std::string key() {
    hops_used_ = true;
    return key_;
  }
  // LEFT JOIN … for what condition() and key() named so far; at most one row each.
  std::string joins() const;
  // Without joins, for the places where there can be none.
  static std::string standalone(const Generation& generation, const PathGuardRequest& request,
                                std::string_view category);

 private:
  std::string basis(const rules::ListedBasis& listed, std::string_view category);
  std::string consent(std::string_view category);
  std::string no_objection();
  std::string alternative(const rules::ListedBases& bases, std::string_view category);
  std::string by_regime(const rules::CategoryBases& bases, std::string_view category);
  std::string present();
  std::string subject_row();
  std::string hops(bool outer) const;
  std::string only_consent(std::string_view category) const;
  std::vector<std::string> chain() const;
  bool is_plain() const;
  bool asks_restriction() const;
  bool is_own_row() const;
  const parser::Relation& relation_of(parser::Oid oid) const;

  const Generation& generation_;
  const PathGuardRequest request_;
  const rules::SubjectKind& kind_;
  const rules::Purpose& purpose_;
  const std::string source_alias_;
  std::string key_;                     // SQL of the subject's key
  std::unique_ptr<ConsentSql> source_;  // null: the kind has none
  bool hops_used_ = false, subject_used_ = false;
};

}  // namespace pgconsent::enforce
