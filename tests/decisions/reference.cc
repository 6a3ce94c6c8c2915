#include "tests/decisions/reference.h"

#include <algorithm>

namespace pgconsent::reference {

namespace {

enum class Said { nothing, yes, no };

struct Question {
  const Source& source;
  const std::vector<Purpose>& purposes;
  const Subject& subject;
  const Row& row;

  bool gives(const Record& record) const {
    return record.status == 'g' &&
           (!source.times || (record.from <= 0 && (!record.until || *record.until > 0)));
  }

  // With a history: the latest of the same purpose and category, and those without an order; what gives from
  // later on is not there yet.
  bool counts(const Record& record) const {
    if (!source.history) return true;
    auto is_there = [&](const Record& r) { return !(source.times && r.status == 'g' && r.from > 0); };
    if (!is_there(record)) return false;
    for (const Record& other : subject.records) {
      const bool same = (!source.by_purpose || other.purpose == record.purpose) &&
                        (!source.by_category || other.category == record.category);
      if (!same || !is_there(other)) continue;
      const bool later = record.order && other.order && *other.order > *record.order;
      if (later) return false;
    }
    return true;
  }

  bool about(const Record& record, int of) const { return !source.by_purpose || record.purpose == of; }

  Said consent_said(int purpose, int category) const {
    if (source.kind == Source::Kind::column) {
      if (!source.has_flag[purpose] || !subject.exists || !subject.flags[purpose]) return Said::nothing;
      return *subject.flags[purpose] ? Said::yes : Said::no;
    }
    Said said = Said::nothing;
    for (const Record& record : subject.records) {
      if (!about(record, purpose) || (source.by_category && record.category != category) || !counts(record))
        continue;
      if (record.status != 'g') return Said::no;
      if (gives(record)) said = Said::yes;
    }
    return said;
  }

  bool objected(int purpose) const {
    if (source.kind == Source::Kind::column) {
      return source.has_objection[purpose] && (!subject.exists || subject.objections[purpose].value_or(true));
    }
    if (!source.tells_objections) return false;
    for (const Record& record : subject.records) {
      if (about(record, purpose) && counts(record) && (record.status == 'o' || record.status == 0))
        return true;
    }
    return false;
  }

  bool restricted() const {
    if (!source.tells_restriction) return false;
    if (source.kind == Source::Kind::column) return !subject.exists || subject.restricted.value_or(true);
    return std::any_of(subject.records.begin(), subject.records.end(), [&](const Record& record) {
      return counts(record) && (record.status == 'r' || record.status == 0);
    });
  }

  // To this purpose or a wider one.
  bool has_objected(int purpose) const {
    return objected(purpose) || (purposes[purpose].wider && has_objected(*purposes[purpose].wider));
  }

  bool has_consented(int purpose, int category) const {
    bool given = false;
    for (std::optional<int> at = purpose; at; at = purposes[*at].wider) {
      const Said said = consent_said(*at, category);
      if (said == Said::no) return false;
      given = given || said == Said::yes;
    }
    return given && !has_objected(purpose);
  }

  bool holds(const Listed& listed, int purpose, int category) const {
    if (listed.until && !(row.made && *row.made > -365)) return false;
    switch (listed.when) {
      case Listed::When::always:
        break;
      case Listed::When::row_active:
        if (!row.active.value_or(false)) return false;
        break;
      case Listed::When::subject_member:
        if (!subject.exists || !subject.member) return false;
        break;
      case Listed::When::subject_order:
        if (!subject.exists || !subject.has_order) return false;
        break;
    }
    switch (listed.basis) {
      case Listed::Basis::consent:
        return has_consented(purpose, category);
      case Listed::Basis::legitimate_interests:
        return !has_objected(purpose);
      case Listed::Basis::declared:
        return true;
    }
    return false;
  }

  bool any_holds(const Bases& bases, int purpose, int category) const {
    return std::any_of(bases.begin(), bases.end(),
                       [&](const Listed& listed) { return holds(listed, purpose, category); });
  }

  bool clear(int purpose, int category) const {
    auto found = purposes[purpose].categories.find(category);
    if (found == purposes[purpose].categories.end()) return false;
    if (!purposes[purpose].under_restriction && restricted()) return false;
    const CategoryBases& bases = found->second;
    if (bases.by_regime.empty()) return any_holds(bases.bases, purpose, category);
    auto own =
        subject.exists && subject.regime ? bases.by_regime.find(*subject.regime) : bases.by_regime.end();
    if (own != bases.by_regime.end()) return any_holds(own->second, purpose, category);
    for (const auto& [regime, listed] : bases.by_regime) {  // nobody knows which: all of them
      if (!any_holds(listed, purpose, category)) return false;
    }
    return true;
  }
};

}  // namespace

bool may_be_seen(const Source& source, const std::vector<Purpose>& purposes, int purpose, int category,
                 const Row& row) {
  bool all = !row.subjects.empty(), any = false;
  for (const Subject* subject : row.subjects) {
    const bool clear = subject && Question{source, purposes, *subject, row}.clear(purpose, category);
    all = all && clear;
    any = any || clear;
  }
  return row.all ? all : any;
}

}  // namespace pgconsent::reference
