#include "proxy/enforce/subject_columns.h"

#include <algorithm>

#include "parser/names/ascii.h"

namespace pgconsent::enforce {

using parser::AttrNumber;
using parser::ForeignKey;
using parser::Oid;
using parser::Relation;
using rules::SubjectPath;
using Gap = SubjectPath::Hop::Gap;

namespace {

bool same_path(const SubjectPath& a, const SubjectPath& b) {
  return a.kind == b.kind && a.key == b.key &&
         std::equal(a.hops.begin(), a.hops.end(), b.hops.begin(), b.hops.end(),
                    [](const auto& x, const auto& y) { return x.relation == y.relation && x.on == y.on; });
}

bool joins_by(const SubjectPath::Hop& hop, AttrNumber own, AttrNumber other) {
  return std::find(hop.on.begin(), hop.on.end(), std::pair(own, other)) != hop.on.end();
}

// The same path from a relation with the same columns under other numbers; false when one is missing.
bool translate(const Relation& from, const Relation& to, SubjectColumn& column) {
  auto number = [&](AttrNumber& attnum) {
    const parser::Column* old = from.column(attnum);
    const parser::Column* same = old == nullptr ? nullptr : to.column(old->name);
    if (same != nullptr) attnum = same->attnum;
    return same != nullptr;
  };
  if (!number(column.attnum)) return false;
  if (!column.known) return true;
  if (column.path.hops.empty()) {
    column.known = number(column.path.key);
  } else {
    for (auto& [own, other] : column.path.hops.front().on) column.known &= number(own);
  }
  return true;
}

}  // namespace

bool reads_own_row(const rules::Policy& policy, const rules::SubjectKind& kind) {
  const bool has_flags = kind.consent && kind.consent->kind == rules::ConsentSource::Kind::column;
  if (has_flags || kind.regime || (kind.consent && kind.consent->follows_row)) return true;
  const auto reads = [](const rules::Condition& condition) {
    const std::string sql = parser::lower(condition.sql);
    return sql.find("subject") != sql.npos || sql.find("u&") != sql.npos;  // escaped, perhaps
  };
  for (const auto& [name, purpose] : policy.purposes) {
    for (const auto& [category, bases] : purpose.lawful_basis) {
      for (const rules::ListedBases* listed : bases.alternatives()) {
        if (std::any_of(listed->begin(), listed->end(), [&](const rules::ListedBasis& basis) {
              return reads(basis.when) || reads(basis.until);
            }))
          return true;
      }
    }
  }
  return false;
}

SubjectColumns::SubjectColumns(const parser::Snapshot& catalog, const rules::Policy& policy,
                               const std::set<Oid>& read)
    : catalog_(catalog), policy_(policy) {
  for (const auto& [name, kind] : policy.subjects) {
    const auto goes_with_row = [&](Oid oid) {
      return oid == kind.relation || parser::follows(catalog, oid, kind.relation);
    };
    if (reads_own_row(policy, kind) || std::any_of(read.begin(), read.end(), goes_with_row))
      by_own_row_.insert(name);
  }
  for (const auto& [oid, relation] : policy.relations) {
    for (const SubjectPath& path : relation.subjects) add_path(relation, path);
  }
  do {
    grown_ = false;
    for (const auto& [oid, relation] : catalog.relations) {
      if (!columns_.contains(oid)) continue;
      add_cascades(relation);
      add_generated(relation);
      add_relatives(relation);
    }
  } while (grown_);
  add_deletes();
  add_gap_relatives();
}

const std::vector<SubjectColumn>& SubjectColumns::of(Oid relation) const {
  static const std::vector<SubjectColumn> none;
  auto found = columns_.find(relation);
  return found == columns_.end() ? none : found->second;
}

const std::vector<SubjectGap>& SubjectColumns::gaps(Oid relation) const {
  static const std::vector<SubjectGap> none;
  auto found = gaps_.find(relation);
  return found == gaps_.end() ? none : found->second;
}

bool SubjectColumns::decides(Oid relation, AttrNumber attnum) const {
  const auto& columns = of(relation);
  return std::any_of(columns.begin(), columns.end(),
                     [&](const SubjectColumn& c) { return c.attnum == attnum; });
}

void SubjectColumns::add(Oid relation, SubjectColumn column) {
  auto& columns = columns_[relation];
  const bool there = std::any_of(columns.begin(), columns.end(), [&](const SubjectColumn& c) {
    return c.attnum == column.attnum && c.of == column.of && c.known == column.known &&
           (!c.known || same_path(c.path, column.path));
  });
  if (there) return;
  columns.push_back(std::move(column));
  grown_ = true;
}

void SubjectColumns::add_path(const rules::ProtectedRelation& relation, const SubjectPath& path) {
  Oid at = relation.oid;
  SubjectPath rest = path;
  while (!rest.hops.empty()) {
    const SubjectPath::Hop hop = rest.hops.front();
    for (const auto& [own, other] : hop.on) add(at, {own, &relation, rest, true});
    const bool enforced = hop.gap != Gap::always;
    if (hop.gap != Gap::never) add_gap(hop.relation, {&relation, hop.relation, hop.gap});
    at = hop.relation;
    rest.hops.erase(rest.hops.begin());
    for (const auto& [own, other] : hop.on) add(at, {other, &relation, rest, enforced});
  }
  add(at, {rest.key, &relation, rest, true});
  add_own_row(relation, at, rest);
}

// Flags, regimes and what conditions read of a subject stay with its row when that gets another key.
void SubjectColumns::add_own_row(const rules::ProtectedRelation& relation, Oid at, const SubjectPath& path) {
  if (!by_own_row_.contains(path.kind)) return;
  const rules::SubjectKind& kind = policy_.subjects.at(path.kind);
  if (at == kind.relation && path.key == kind.key) return;
  const bool enforced = path.subject_gap == Gap::statement || path.subject_gap == Gap::never;
  if (path.subject_gap == Gap::statement) add_gap(kind.relation, {&relation, kind.relation, Gap::statement});
  SubjectPath own = path;
  own.key = kind.key;
  add(kind.relation, {kind.key, &relation, own, enforced});
}

// What a foreign key with ON UPDATE CASCADE copies into a deciding column decides as well.
void SubjectColumns::add_cascades(const Relation& relation) {
  const std::vector<SubjectColumn> columns = of(relation.oid);
  for (const ForeignKey& key : relation.foreign_keys) {
    if (key.on_update != 'c' && key.on_update != 'd') continue;  // SET NULL: a row without subject is masked
    for (std::size_t i = 0; i < key.attnums.size(); ++i) {
      for (const SubjectColumn& column : columns) {
        if (column.attnum != key.attnums[i]) continue;
        SubjectColumn source{key.target_attnums[i], column.of, column.path, false};
        if (key.on_update == 'c' && column.known && column.path.hops.empty()) {
          source.path.key = key.target_attnums[i];
          source.known = column.path.key == key.attnums[i];
        }
        // The row goes on pointing at the same row: its subject stays.
        const bool follows = key.on_update == 'c' && column.known && !column.path.hops.empty() &&
                             column.path.hops.front().relation == key.target &&
                             joins_by(column.path.hops.front(), key.attnums[i], key.target_attnums[i]);
        if (!follows) add(key.target, std::move(source));
      }
    }
  }
}

// What a generated column that decides is computed from decides as well. The path stays the generated
// column's: it tells whose the row is before the change.
void SubjectColumns::add_generated(const Relation& relation) {
  const std::vector<SubjectColumn> columns = of(relation.oid);
  for (const SubjectColumn& column : columns) {
    const parser::Column* generated = relation.column(column.attnum);
    if (generated == nullptr) continue;
    for (AttrNumber base : generated->generated_from) {
      SubjectColumn source = column;
      source.attnum = base;
      add(relation.oid, std::move(source));
    }
  }
}

// A statement on a parent changes its children's rows, and a partition's rows are its parent's.
void SubjectColumns::add_relatives(const Relation& relation) {
  const std::vector<SubjectColumn> columns = of(relation.oid);
  for (const std::vector<Oid>* relatives : {&relation.parents, &relation.children}) {
    for (Oid oid : *relatives) {
      const Relation* relative = catalog_.relation(oid);
      if (relative == nullptr) continue;
      for (SubjectColumn column : columns) {
        if (translate(relation, *relative, column)) add(oid, std::move(column));
      }
    }
  }
}

void SubjectColumns::add_deletes() {
  do {
    grown_ = false;
    for (const auto& [oid, relation] : catalog_.relations) {
      for (const ForeignKey& key : relation.foreign_keys) {
        const bool sets = key.on_delete == 'd' &&
                          std::any_of(key.attnums.begin(), key.attnums.end(),
                                      [&](AttrNumber attnum) { return decides(relation.oid, attnum); });
        const bool passes_on = key.on_delete == 'c' && deletes_.contains(oid);
        if (sets || passes_on) grown_ |= deletes_.insert(key.target).second;
      }
    }
  } while (grown_);
}

void SubjectColumns::add_gap(Oid relation, const SubjectGap& gap) {
  std::vector<SubjectGap>& gaps = gaps_[relation];
  if (std::find(gaps.begin(), gaps.end(), gap) != gaps.end()) return;
  gaps.push_back(gap);
  grown_ = true;
}

// Rows come and go through parents and partitions as well; they also go by ON DELETE CASCADE, which is over
// with the statement.
void SubjectColumns::add_gap_relatives() {
  do {
    grown_ = false;
    for (const auto& [oid, relation] : catalog_.relations) {
      const std::vector<SubjectGap> gaps = this->gaps(oid);
      for (const SubjectGap& gap : gaps) {
        for (Oid parent : relation.parents) add_gap(parent, gap);
        for (Oid child : relation.children) add_gap(child, gap);
        if (gap.lasts != Gap::transaction) continue;
        for (const ForeignKey& key : relation.foreign_keys) {
          if (key.on_delete == 'c') add_gap(key.target, gap);
        }
      }
    }
  } while (grown_);
}

}  // namespace pgconsent::enforce
