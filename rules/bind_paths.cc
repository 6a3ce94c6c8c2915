// The way from a row to its subjects: `subject: {customer: {through: public.orders, on: {order_id: id}, key:
// user_id}}`.
#include <algorithm>

#include "rules/binder.h"
#include "rules/types.h"

namespace pgconsent::rules {

namespace {

using parser::Column;
using parser::Relation;

std::string described(const Relation& relation, const Column& column) {
  return in_backticks(display(relation) + "." + display_identifier(column.name)) + " of type " +
         type_name(column);
}

using Gap = SubjectPath::Hop::Gap;

bool has_columns_of(const SubjectPath::Hop& hop, const parser::ForeignKey& key) {
  if (key.target != hop.relation || key.attnums.size() != hop.on.size()) return false;
  for (std::size_t i = 0; i < key.attnums.size(); ++i) {
    const std::pair columns(key.attnums[i], key.target_attnums[i]);
    if (std::find(hop.on.begin(), hop.on.end(), columns) == hop.on.end()) return false;
  }
  return true;
}

// RESTRICT and actions happen at once, whatever is deferred.
Gap gap_of(const Relation& from, const SubjectPath::Hop& hop) {
  Gap gap = Gap::always;
  for (const parser::ForeignKey& key : from.foreign_keys) {
    if (!key.enforced || !has_columns_of(hop, key)) continue;
    const Gap left = key.on_delete != 'a' ? Gap::never : key.deferrable ? Gap::transaction : Gap::statement;
    gap = std::max(gap, left);
  }
  return gap;
}

void warn_of_gap(const SubjectPath::Hop& hop, const Relation& from, const Relation& to, const Place& at,
                 Reporter& report) {
  const std::string names = in_backticks(display(from)) + " to " + in_backticks(display(to));
  if (hop.gap == Gap::always) {
    report.warning(at,
                   "no enforced foreign key leads from " + names +
                       ": a new row there could give rows without a subject one",
                   "INSERT into it is refused; declare the foreign key and validate it");
  } else if (hop.gap == Gap::transaction) {
    report.warning(at, "the foreign key from " + names + " is deferrable",
                   "DELETE from the latter is refused where the purpose does not see everything; make it NOT "
                   "DEFERRABLE or ON DELETE RESTRICT");
  }
}

// The relation that the hop lands on; null when it can't be used.
const Relation* bind_hop(const Binding& binding, const PathRule::Hop& rule, const Relation& from,
                         SubjectPath& path, Reporter& report) {
  const Relation* relation = find_relation(binding, rule.through, report);
  if (relation == nullptr) return nullptr;
  SubjectPath::Hop hop;
  hop.relation = relation->oid;
  std::vector<AttrNumber> targets;
  const std::size_t errors = report.errors();
  bool complete = true;
  for (const auto& [from_name, to_name] : rule.on) {
    const Column* from_column = find_column(from, from_name, report);
    const Column* to_column = find_column(*relation, to_name, report);
    complete = complete && from_column != nullptr && to_column != nullptr;
    if (from_column == nullptr || to_column == nullptr) continue;
    if (!comparable(binding.catalog, *from_column, *to_column)) {
      report.error(from_name.at, described(from, *from_column) + " can't be compared with " +
                                     described(*relation, *to_column));
    }
    hop.on.emplace_back(from_column->attnum, to_column->attnum);
    targets.push_back(to_column->attnum);
  }
  if (complete && !finds_one_row(*relation, targets)) {
    const bool has_children = !relation->children.empty() && !relation->unique_keys.empty();
    report.error(rule.through.at,
                 "the path through " + in_backticks(display(*relation)) +
                     " may find several rows: the columns of `on` " + "are not a unique key of it",
                 has_children ? "a unique index does not cover the rows of inheritance children"
                              : "name all columns of its primary key or of a unique index");
  }
  if (report.errors() == errors) {
    hop.gap = gap_of(from, hop);
    warn_of_gap(hop, from, *relation, rule.through.at, report);
  }
  path.hops.push_back(std::move(hop));
  return relation;
}

Gap gap_to_subject(const Binding& binding, const Relation& from, const SubjectPath& path) {
  auto kind = binding.policy.subjects.find(path.kind);
  if (kind == binding.policy.subjects.end()) return Gap::always;
  return gap_of(from, {kind->second.relation, {{path.key, kind->second.key}}, Gap::always});
}

// The key must mean the same as in the subject's own table; consent is held against that one.
void check_key(const Binding& binding, const PathRule& rule, const Relation& relation, const Column& key,
               Reporter& report) {
  auto kind = binding.policy.subjects.find(rule.kind.text);
  if (kind == binding.policy.subjects.end()) return;
  const Relation* subjects = binding.catalog.relation(kind->second.relation);
  const Column* column = subjects == nullptr ? nullptr : subjects->column(kind->second.key);
  if (column == nullptr || comparable(binding.catalog, key, *column))
    return;  // what is missing is reported where it is declared
  report.error(rule.key.at,
               described(relation, key) + " can't be compared with " + described(*subjects, *column));
}

// Also of the rows of children, which may have dropped the constraint, or be somewhere else.
bool is_never_null(const parser::Snapshot& catalog, const Relation& relation, const Column& column) {
  const bool enforced = relation.kind == parser::RelationKind::table ||
                        relation.kind == parser::RelationKind::partitioned_table;
  if (!column.not_null || !enforced) return false;
  return std::all_of(relation.children.begin(), relation.children.end(), [&](parser::Oid oid) {
    const Relation* child = catalog.relation(oid);
    const Column* own = child == nullptr ? nullptr : child->column(column.name);
    return own != nullptr && is_never_null(catalog, *child, *own);
  });
}

}  // namespace

void bind_paths(const Binding& binding, const SubjectRule& subject, const Relation& relation,
                ProtectedRelation& out, Reporter& report) {
  // `all` of no subjects would be true; a row without subject must be masked.
  out.all_subjects = subject.all && !subject.paths.empty();
  std::size_t i = 0;
  for (const PathRule& rule : subject.paths) {
    SubjectPath path;
    path.kind = rule.kind.text;
    const Relation* at = &relation;
    for (const PathRule::Hop& hop : rule.hops) {
      at = bind_hop(binding, hop, *at, path, report);
      if (at == nullptr) break;
    }
    const Column* key = at == nullptr ? nullptr : find_column(*at, rule.key, report);
    if (key != nullptr) {
      path.key = key->attnum;
      path.subject_gap = gap_to_subject(binding, *at, path);
      check_key(binding, rule, *at, *key, report);
    }
    const bool certain =
        key != nullptr && path.hops.empty() && is_never_null(binding.catalog, relation, *key);
    out.has_subject = i == 0             ? certain
                      : out.all_subjects ? out.has_subject && certain
                                         : out.has_subject || certain;
    ++i;
    out.subjects.push_back(std::move(path));
  }
}

}  // namespace pgconsent::rules
