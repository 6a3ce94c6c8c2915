// The conditions that stand in the rules, as generated SQL: `given`, `objected` and `restricted` of consent
// tables, `when` and `until` of lawful bases. In the latter a bare name or `row.name` is a column of the
// protected row, `subject.name` one of the subject's own row.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "parser/catalog/snapshot.h"
#include "rules/policy.h"

namespace pgconsent::enforce {

// Is the protected row the subject's own? What is kept on it needs no join.
bool is_own_row(const parser::Snapshot& catalog, const rules::ProtectedRelation& relation,
                const rules::SubjectPath& path, const rules::SubjectKind& kind);

struct BasisCondition {
  std::string text;  // over placeholders
  bool reads_row = false, reads_subject = false;
  std::string sql(std::string_view row, std::string_view subject) const;
};

class RuleConditions {
 public:
  RuleConditions() = default;
  // Reports what can't be used. Neither argument is kept.
  RuleConditions(const parser::Snapshot& catalog, const rules::Policy& policy,
                 rules::Diagnostics& diagnostics);

  // `what`: given, objected or restricted. FALSE when there is no such condition.
  std::string of_source(const std::string& subject_kind, std::string_view what, std::string_view alias) const;
  // Null when it can't be asked of the relation's rows.
  const BasisCondition* of_basis(const rules::Condition& condition, parser::Oid relation,
                                 const std::string& subject_kind) const;
  // Some basis depends on the row itself, beyond its subject.
  bool reads_row(const rules::ProtectedRelation& relation, const rules::Purpose& purpose,
                 std::string_view category) const;
  // Read in subqueries, with the session's own rights.
  const std::set<parser::Oid>& relations() const { return relations_; }
  // Read by conditions, wherever they are, and the regimes and flags of subjects.
  bool reads(parser::Oid relation, parser::AttrNumber column) const {
    return columns_.contains({relation, column});
  }
  std::vector<std::string> texts() const;  // as SQL over placeholders
  // A query per condition that the server accepts where the condition fits the types of its columns.
  struct Probe {
    rules::Location where;
    std::string sql;
  };
  const std::vector<Probe>& probes() const { return probes_; }

 private:
  // A place in the rules, the relation whose rows are asked (0: any), the subject kind.
  using Key = std::tuple<int, int, parser::Oid, std::string>;
  static Key key(const rules::Condition& condition, parser::Oid relation, const std::string& subject_kind) {
    return {condition.where.line, condition.where.column, relation, subject_kind};
  }

  void add_columns(const rules::SubjectKind& kind);
  void add_source(const parser::Snapshot& catalog, const rules::SubjectKind& kind, std::string_view what,
                  const rules::Condition& condition, rules::Diagnostics& diagnostics);
  void add_basis(const parser::Snapshot& catalog, const rules::Policy& policy,
                 const rules::ProtectedRelation& relation, const rules::ListedBasis& listed,
                 rules::Diagnostics& diagnostics);

  std::map<std::pair<std::string, std::string>, std::string> sources_;
  std::map<Key, BasisCondition> bases_;
  std::set<parser::Oid> relations_;
  std::set<std::pair<parser::Oid, parser::AttrNumber>> columns_;
  std::vector<Probe> probes_;
};

}  // namespace pgconsent::enforce
