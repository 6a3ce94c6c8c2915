#include "proxy/enforce/rule_conditions.h"

#include <algorithm>

#include "parser/edit/condition.h"

namespace pgconsent::enforce {

namespace {

using parser::ConditionRow;
using parser::GeneratedCondition;
using rules::Condition;
using rules::ListedBasis;

// No text of the rules holds these bytes: see check_text().
constexpr std::string_view row_placeholder = "\x01row\x01", subject_placeholder = "\x01subject\x01";

std::string replaced(std::string sql, std::string_view placeholder, std::string_view by) {
  for (std::size_t at = sql.find(placeholder); at != std::string::npos;
       at = sql.find(placeholder, at + by.size())) {
    sql.replace(at, placeholder.size(), by);
  }
  return sql;
}

GeneratedCondition generated(const Condition& condition, const std::vector<ConditionRow>& rows,
                             const parser::Snapshot& catalog) {
  if (condition.sql.find('\x01') != std::string::npos)
    return {.error = "the condition holds a control character"};
  return parser::generate_condition(condition.sql, rows, catalog);
}

std::string name_of(const parser::Relation& relation) {
  return parser::quote_qualified({relation.schema, relation.name});
}

void report(rules::Diagnostics& diagnostics, const Condition& condition, std::string message,
            std::string hint) {
  const bool known = std::any_of(diagnostics.begin(), diagnostics.end(), [&](const rules::Diagnostic& d) {
    return d.message == message && d.where.line == condition.where.line &&
           d.where.column == condition.where.column;
  });
  if (!known)
    diagnostics.push_back(
        {rules::Diagnostic::Severity::error, condition.where, std::move(message), std::move(hint)});
}

template <typename Visit>
void for_each_basis(const rules::Purpose& purpose, std::string_view category, Visit visit) {
  auto found = purpose.lawful_basis.find(category);
  if (found == purpose.lawful_basis.end()) return;
  for (const rules::ListedBases* listed : found->second.alternatives()) {
    for (const ListedBasis& basis : *listed) visit(basis);
  }
}

}  // namespace

bool is_own_row(const parser::Snapshot& catalog, const rules::ProtectedRelation& relation,
                const rules::SubjectPath& path, const rules::SubjectKind& kind) {
  return path.hops.empty() && relation.declared == kind.relation &&
         catalog.relation(relation.oid)->column(path.key)->name ==
             catalog.relation(kind.relation)->column(kind.key)->name;
}

std::string BasisCondition::sql(std::string_view row, std::string_view subject) const {
  return replaced(replaced(text, row_placeholder, row), subject_placeholder, subject);
}

RuleConditions::RuleConditions(const parser::Snapshot& catalog, const rules::Policy& policy,
                               rules::Diagnostics& diagnostics) {
  for (const auto& [name, kind] : policy.subjects) {
    add_columns(kind);
    if (!kind.consent || kind.consent->kind != rules::ConsentSource::Kind::table) continue;
    add_source(catalog, kind, "given", kind.consent->given, diagnostics);
    add_source(catalog, kind, "objected", kind.consent->objected, diagnostics);
    add_source(catalog, kind, "restricted", kind.consent->restricted, diagnostics);
  }
  for (const auto& [oid, relation] : policy.relations) {
    std::set<std::string_view> categories;
    for (const rules::ProtectedColumn& column : relation.columns) {
      if (!column.is_public) categories.insert(column.category);
    }
    for (const auto& [name, purpose] : policy.purposes) {
      for (std::string_view category : categories) {
        for_each_basis(purpose, category, [&](const ListedBasis& listed) {
          add_basis(catalog, policy, relation, listed, diagnostics);
        });
      }
    }
  }
}

// What is kept on the subject's own row.
void RuleConditions::add_columns(const rules::SubjectKind& kind) {
  if (kind.regime) columns_.emplace(kind.relation, *kind.regime);
  if (!kind.consent || kind.consent->kind != rules::ConsentSource::Kind::column) return;
  for (const auto* flags : {&kind.consent->flags, &kind.consent->objections}) {
    for (const auto& [purpose, column] : *flags) columns_.emplace(kind.relation, column);
  }
  if (kind.consent->restricted_column) columns_.emplace(kind.relation, *kind.consent->restricted_column);
}

void RuleConditions::add_source(const parser::Snapshot& catalog, const rules::SubjectKind& kind,
                                std::string_view what, const Condition& condition,
                                rules::Diagnostics& diagnostics) {
  if (condition.empty()) return;
  const parser::Relation* relation = catalog.relation(kind.consent->relation);
  GeneratedCondition sql = generated(
      condition,
      {{"", relation, std::string(row_placeholder)}, {"record", relation, std::string(row_placeholder)}},
      catalog);
  if (!sql.error.empty()) {
    report(diagnostics, condition, "consent." + kind.name + "." + std::string(what) + ": " + sql.error,
           sql.hint.empty() ? "simplify the condition `" + condition.sql + "`" : sql.hint);
  }
  relations_.insert(sql.relations.begin(), sql.relations.end());
  columns_.insert(sql.columns.begin(), sql.columns.end());
  probes_.push_back({condition.where, "SELECT FROM " + name_of(*relation) + " t WHERE " +
                                          replaced(sql.sql, row_placeholder, "t")});
  sources_[{kind.name, std::string(what)}] = std::move(sql.sql);
}

void RuleConditions::add_basis(const parser::Snapshot& catalog, const rules::Policy& policy,
                               const rules::ProtectedRelation& relation, const ListedBasis& listed,
                               rules::Diagnostics& diagnostics) {
  const parser::Relation* row = catalog.relation(relation.oid);
  for (const rules::SubjectPath& path : relation.subjects) {
    const rules::SubjectKind& kind = policy.subjects.find(path.kind)->second;
    const parser::Relation* subject = catalog.relation(kind.relation);
    for (const Condition* condition : {&listed.when, &listed.until}) {
      if (condition->empty() || bases_.contains(key(*condition, relation.oid, kind.name))) continue;
      const std::string alias(row_placeholder);
      GeneratedCondition sql = generated(
          *condition,
          {{"", row, alias}, {"row", row, alias}, {"subject", subject, std::string(subject_placeholder)}},
          catalog);
      if (!sql.error.empty()) {
        report(diagnostics, *condition,
               std::string(condition == &listed.when ? "`when`: " : "`until`: ") + sql.error,
               !sql.hint.empty() ? sql.hint
                                 : "asked of the rows of `" + relation.name +
                                       "`; `row.COLUMN` is a column of the row, `subject.COLUMN` one of the "
                                       "subject's own");
        continue;
      }
      if (sql.used.contains("subject") && !kind.one_row && !is_own_row(catalog, relation, path, kind)) {
        report(diagnostics, *condition,
               "the condition reads the subject's own row, but the key of subject kind `" + kind.name +
                   "` is not unique",
               "give `" + subject->schema + "." + subject->name + "` a primary key, or ask the row itself");
        continue;
      }
      relations_.insert(sql.relations.begin(), sql.relations.end());
      columns_.insert(sql.columns.begin(), sql.columns.end());
      BasisCondition bound;
      bound.reads_row = sql.used.contains("") || sql.used.contains("row");
      bound.reads_subject = sql.used.contains("subject");
      bound.text = std::move(sql.sql);
      if (condition == &listed.until)
        bound.text = "(" + bound.text +
                     " OPERATOR(pg_catalog.>) pg_catalog.timezone('UTC', pg_catalog.statement_timestamp()))";
      probes_.push_back({condition->where, "SELECT FROM " + name_of(*row) + " t, " + name_of(*subject) +
                                               " s WHERE " + bound.sql("t", "s")});
      if (!bound.reads_row) bases_[key(*condition, 0, kind.name)] = bound;
      bases_[key(*condition, relation.oid, kind.name)] = std::move(bound);
    }
  }
}

std::vector<std::string> RuleConditions::texts() const {
  std::vector<std::string> texts;
  for (const Probe& probe : probes_) texts.push_back(probe.sql);
  return texts;
}

std::string RuleConditions::of_source(const std::string& subject_kind, std::string_view what,
                                      std::string_view alias) const {
  auto it = sources_.find({subject_kind, std::string(what)});
  return it == sources_.end() ? "FALSE" : replaced(it->second, row_placeholder, alias);
}

const BasisCondition* RuleConditions::of_basis(const Condition& condition, parser::Oid relation,
                                               const std::string& subject_kind) const {
  for (parser::Oid oid : {relation, parser::Oid{0}}) {
    auto it = bases_.find(key(condition, oid, subject_kind));
    if (it != bases_.end()) return &it->second;
  }
  return nullptr;
}

bool RuleConditions::reads_row(const rules::ProtectedRelation& relation, const rules::Purpose& purpose,
                               std::string_view category) const {
  bool reads = false;
  for_each_basis(purpose, category, [&](const ListedBasis& listed) {
    for (const Condition* condition : {&listed.when, &listed.until}) {
      if (condition->empty()) continue;
      for (const rules::SubjectPath& path : relation.subjects) {
        const BasisCondition* bound = of_basis(*condition, relation.oid, path.kind);
        reads = reads || bound == nullptr || bound->reads_row;
      }
    }
  });
  return reads;
}

}  // namespace pgconsent::enforce
