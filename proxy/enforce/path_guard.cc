#include "proxy/enforce/path_guard.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgconsent::enforce {

using parser::Relation;
using rules::CategoryBases;
using rules::LawfulBasis;
using rules::ListedBases;
using rules::ListedBasis;
using rules::SubjectPath;

PathGuard::PathGuard(const Generation& generation, const PathGuardRequest& request)
    : generation_(generation),
      request_(request),
      kind_(generation.policy().subjects.find(request.path->kind)->second),
      purpose_(*request.purpose),
      source_alias_(fmt::format("g{}", request.index)) {
  const SubjectPath& path = *request.path;
  key_ = path.hops.empty() ? column_sql(relation_of(request.relation->oid), path.key, request.row)
                           : column_sql(relation_of(path.hops.back().relation), path.key,
                                        fmt::format("h{}_{}", request.index, path.hops.size() - 1));
  if (!kind_.consent) return;
  const bool own = kind_.consent->kind == rules::ConsentSource::Kind::column && is_own_row();
  source_ =
      make_consent_sql(generation, {&kind_, &purpose_, own ? std::string(request.row) : source_alias_, own});
}

const Relation& PathGuard::relation_of(parser::Oid oid) const {
  return *generation_.catalog().relation(oid);
}

bool PathGuard::is_own_row() const {
  return enforce::is_own_row(generation_.catalog(), *request_.relation, *request_.path, kind_);
}

// The purpose and those that it narrows, as far as the source tells them apart.
std::vector<std::string> PathGuard::chain() const {
  std::vector<std::string> names{purpose_.name};
  if (source_ && source_->by_purpose())
    names.insert(names.end(), purpose_.wider.begin(), purpose_.wider.end());
  return names;
}

bool PathGuard::asks_restriction() const {
  return kind_.consent && kind_.consent->tells_restriction() && !purpose_.under_restriction;
}

// Consent to one purpose, in one record, is all that the source is ever asked for.
bool PathGuard::is_plain() const {
  if (!source_ || !source_->is_one_record() || asks_restriction() || kind_.consent->tells_objections())
    return false;
  std::size_t places = chain().size();
  if (kind_.consent->kind == rules::ConsentSource::Kind::column) {
    const auto names = chain();
    places = std::count_if(names.begin(), names.end(),
                           [&](const std::string& name) { return kind_.consent->flags.contains(name); });
  }
  return places == 1 &&
         std::all_of(purpose_.lawful_basis.begin(), purpose_.lawful_basis.end(), [](const auto& entry) {
           return entry.second.by_regime.empty() &&
                  std::all_of(entry.second.bases.begin(), entry.second.bases.end(),
                              [](const ListedBasis& listed) {
                                return listed.when.empty() && listed.until.empty() &&
                                       listed.basis != LawfulBasis::legitimate_interests;
                              });
         });
}

std::string PathGuard::consent(std::string_view category) {
  if (!source_) return "FALSE";
  hops_used_ = true;
  if (request_.may_search && is_plain()) {
    if (std::string found = source_->joined_one(); !found.empty()) return found;
  }
  std::vector<std::string> given, forbids;
  const std::vector<std::string> names = chain();
  for (const std::string& name : names) {
    if (std::string sql = source_->given(name, category); !sql.empty()) given.push_back(std::move(sql));
  }
  if (given.empty()) return "FALSE";
  if (!source_->is_one_record() || given.size() > 1) {
    for (const std::string& name : names) {
      if (std::string sql = source_->withdrawn(name, category); !sql.empty())
        forbids.push_back(is_not_true(sql));
    }
  }
  forbids.insert(forbids.begin(), any_of(given));
  forbids.push_back(no_objection());
  return all_of(forbids);
}

// Neither to the purpose nor to a wider one.
std::string PathGuard::no_objection() {
  hops_used_ = true;
  std::vector<std::string> none;
  for (const std::string& name : chain()) {
    if (std::string sql = source_->objected(name); !sql.empty()) none.push_back(is_not_true(sql));
  }
  return all_of(none);
}

std::string PathGuard::basis(const ListedBasis& listed, std::string_view category) {
  std::vector<std::string> conditions;
  if (listed.basis == LawfulBasis::consent) {
    conditions.push_back(consent(category));
  } else if (listed.basis == LawfulBasis::legitimate_interests) {
    // Nowhere to object: the rules would not have loaded.
    conditions.push_back(source_ && kind_.consent->tells_objections() ? no_objection() : "FALSE");
  }
  for (const rules::Condition* condition : {&listed.when, &listed.until}) {
    if (condition->empty()) continue;
    const BasisCondition* bound =
        generation_.conditions().of_basis(*condition, request_.relation->oid, kind_.name);
    if (bound == nullptr) return "FALSE";
    hops_used_ = hops_used_ || bound->reads_subject;
    conditions.push_back(bound->sql(request_.row, bound->reads_subject ? subject_row() : std::string()));
  }
  return all_of(conditions);
}

std::string PathGuard::alternative(const ListedBases& bases, std::string_view category) {
  const auto always = std::find_if(bases.begin(), bases.end(), [](const ListedBasis& listed) {
    return listed.by_declaration() && listed.when.empty() && listed.until.empty();
  });
  if (always != bases.end()) return "TRUE";
  std::vector<std::string> holds;
  for (const ListedBasis& listed : bases) holds.push_back(basis(listed, category));
  return any_of(holds);
}

// A subject under no regime that is listed: what holds under all of them.
std::string PathGuard::by_regime(const CategoryBases& bases, std::string_view category) {
  if (!kind_.regime) return "FALSE";  // the rules would not have loaded
  hops_used_ = true;
  const std::string regime = fmt::format(
      "CAST({} AS pg_catalog.text)", column_sql(relation_of(kind_.relation), *kind_.regime, subject_row()));
  std::string sql = "CASE";
  std::vector<std::string> all;
  for (const auto& [name, listed] : bases.by_regime) {
    all.push_back(alternative(listed, category));
    sql += fmt::format(" WHEN {} THEN {}", equal_sql(regime, parser::quote_literal(rules::to_string(name))),
                       all.back());
  }
  return sql + " ELSE " + all_of(all) + " END";
}

// A row without subject is masked, whatever the basis.
std::string PathGuard::present() {
  const rules::ProtectedRelation& relation = *request_.relation;
  if (relation.has_subject && (relation.all_subjects || relation.subjects.size() == 1)) return "TRUE";
  hops_used_ = true;
  return key_ + " IS NOT NULL";
}

std::string PathGuard::subject_row() {
  if (is_own_row()) return std::string(request_.row);
  subject_used_ = true;
  return fmt::format("s{}", request_.index);
}

std::string PathGuard::condition(std::string_view category) {
  const auto found = purpose_.lawful_basis.find(category);
  if (found == purpose_.lawful_basis.end()) return "FALSE";
  const CategoryBases& bases = found->second;
  std::vector<std::string> conditions;
  conditions.push_back(bases.by_regime.empty() ? alternative(bases.bases, category)
                                               : by_regime(bases, category));
  if (conditions.front() == "FALSE") return "FALSE";
  // Consent is found by the key.
  bool found_by_key = !is_own_row();
  for (const ListedBases* listed : bases.alternatives()) {
    found_by_key = found_by_key && std::all_of(listed->begin(), listed->end(), [](const ListedBasis& each) {
                     return each.basis == LawfulBasis::consent;
                   });
  }
  if (!found_by_key) conditions.push_back(present());
  if (asks_restriction()) {
    hops_used_ = true;
    conditions.push_back(is_not_true(source_->restricted()));
  }
  return all_of(conditions);
}

std::string PathGuard::hops(bool outer) const {
  std::string sql;
  const Relation* before = &relation_of(request_.relation->oid);
  std::string before_alias(request_.row);
  for (std::size_t i = 0; i < request_.path->hops.size(); ++i) {
    const SubjectPath::Hop& hop = request_.path->hops[i];
    const Relation& relation = relation_of(hop.relation);
    const std::string alias = fmt::format("h{}_{}", request_.index, i);
    std::string on;
    for (const auto& [from, to] : hop.on) {
      if (!on.empty()) on += " AND ";
      on += equal_sql(column_sql(relation, to, alias), column_sql(*before, from, before_alias));
    }
    if (outer) {
      sql += fmt::format(" LEFT JOIN {} {} ON {}", relation_sql(relation), alias, on);
    } else {
      // Inside EXISTS: the first hop is the FROM clause, its condition goes to WHERE.
      sql += i == 0 ? fmt::format("{} {}", relation_sql(relation), alias)
                    : fmt::format(" JOIN {} {} ON {}", relation_sql(relation), alias, on);
    }
    before = &relation;
    before_alias = alias;
  }
  return sql;
}

std::string PathGuard::joins() const {
  std::string sql = hops_used_ ? hops(true) : std::string();
  if (source_ && request_.may_search && is_plain()) {
    sql += source_->join_one(key_);
  } else if (source_) {
    sql += request_.few_rows ? source_->join_few(key_) : source_->join(key_);
  }
  if (subject_used_) {
    const Relation& subjects = relation_of(kind_.relation);
    const std::string alias = fmt::format("s{}", request_.index);
    sql += fmt::format(" LEFT JOIN {} {} ON {}", relation_sql(subjects), alias,
                       equal_sql(column_sql(subjects, kind_.key, alias), key_));
  }
  return sql;
}

// Where records that give consent are all that is asked for, the server can turn EXISTS into a join.
std::string PathGuard::only_consent(std::string_view category) const {
  const auto found = purpose_.lawful_basis.find(category);
  const bool alone = is_plain() && found != purpose_.lawful_basis.end() && found->second.bases.size() == 1 &&
                     found->second.bases.front().basis == LawfulBasis::consent;
  if (!alone) return {};
  const ConsentSql::Records records = source_->records(key_, category);
  if (records.from.empty()) return {};
  std::string from = records.from, where = records.where;
  if (!request_.path->hops.empty()) {
    const SubjectPath::Hop& first = request_.path->hops.front();
    for (const auto& [own, other] : first.on) {
      where += " AND " +
               equal_sql(column_sql(relation_of(first.relation), other, fmt::format("h{}_0", request_.index)),
                         column_sql(relation_of(request_.relation->oid), own, request_.row));
    }
    from = hops(false) + " CROSS JOIN " + from;
  }
  return fmt::format("EXISTS (SELECT FROM {} WHERE {})", from, where);
}

std::string PathGuard::standalone(const Generation& generation, const PathGuardRequest& request,
                                  std::string_view category) {
  PathGuard guard(generation, request);
  if (std::string sql = guard.only_consent(category); !sql.empty()) return sql;
  const std::string condition = guard.condition(category);
  const std::string joins = guard.joins();
  if (joins.empty()) return condition;
  return fmt::format("EXISTS (SELECT FROM (SELECT) o{} WHERE {})", joins, condition);
}

}  // namespace pgconsent::enforce
