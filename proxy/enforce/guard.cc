#include "proxy/enforce/guard.h"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/enforce/generation.h"

namespace pgconsent::enforce {

namespace {

using parser::Column;
using parser::quote_identifier;
using parser::quote_literal;
using parser::Relation;
using rules::ConsentSource;

std::string column_sql(const Relation& relation, parser::AttrNumber attnum, std::string_view alias) {
  const Column* column = relation.column(attnum);
  return fmt::format("{}.{}", alias, quote_identifier(column->name));
}

std::string relation_sql(const Relation& relation) {
  return parser::quote_qualified({relation.schema, relation.name});
}

// Time stamps without a zone are read as UTC: a session's TimeZone must not decide about a mask.
std::string now_for(const Column& column) {
  constexpr parser::Oid timestamptz = 1184;
  if (column.type == timestamptz) return "pg_catalog.statement_timestamp()";
  return "pg_catalog.timezone('UTC', pg_catalog.statement_timestamp())";
}

std::string equal(std::string_view left, std::string_view right) {
  return fmt::format("{} OPERATOR(pg_catalog.=) {}", left, right);
}

}  // namespace

Guard::Guard(const Generation& generation, const rules::ProtectedRelation& relation,
             const rules::Purpose& purpose, Form form, std::string_view alias)
    : generation_(generation), relation_(relation), purpose_(purpose), form_(form), alias_(alias) {
  for (const rules::SubjectPath& path : relation.subjects) {
    Path entry;
    entry.path = &path;
    entry.kind = &generation.policy().subjects.find(path.kind)->second;
    const std::size_t index = paths_.size();
    if (path.hops.empty()) {
      entry.key = column_sql(relation_of(relation.oid), path.key, alias_);
    } else {
      const std::string last = fmt::format("h{}_{}", index, path.hops.size() - 1);
      entry.key = column_sql(relation_of(path.hops.back().relation), path.key, last);
    }
    paths_.push_back(std::move(entry));
  }
}

const Relation& Guard::relation_of(parser::Oid oid) const {
  return *generation_.catalog().relation(oid);
}

// Flags on the very row that is replaced need no join.
bool Guard::is_own_row(const Path& path) const {
  return path.path->hops.empty() && relation_.declared == path.kind->relation &&
         relation_of(relation_.oid).column(path.path->key)->name ==
             relation_of(path.kind->relation).column(path.kind->key)->name;
}

bool Guard::is_aggregated(const ConsentSource& source) const {
  return source.kind == ConsentSource::Kind::table && (!source.one_row || source.category.has_value());
}

std::string Guard::purpose_match(const ConsentSource& source, std::string_view alias) const {
  if (!source.purpose) return {};
  const Relation& relation = relation_of(source.relation);
  return " AND " + equal(column_sql(relation, *source.purpose, alias), quote_literal(purpose_.name));
}

std::string Guard::record_condition(const rules::SubjectKind& kind, std::string_view alias) const {
  const ConsentSource& source = *kind.consent;
  const Relation& relation = relation_of(source.relation);
  std::string sql = generation_.given_condition(kind.name, alias);
  if (source.valid_from) {
    sql += fmt::format(" AND {} OPERATOR(pg_catalog.<=) {}", column_sql(relation, *source.valid_from, alias),
                       now_for(*relation.column(*source.valid_from)));
  }
  if (source.valid_until) {
    const std::string until = column_sql(relation, *source.valid_until, alias);
    sql += fmt::format(" AND ({0} IS NULL OR {0} OPERATOR(pg_catalog.>) {1})", until,
                       now_for(*relation.column(*source.valid_until)));
  }
  return sql;
}

std::string Guard::hops(std::size_t index, bool outer) const {
  const Path& path = paths_[index];
  std::string sql;
  const Relation* before = &relation_of(relation_.oid);
  std::string before_alias(alias_);
  for (std::size_t i = 0; i < path.path->hops.size(); ++i) {
    const rules::SubjectPath::Hop& hop = path.path->hops[i];
    const Relation& relation = relation_of(hop.relation);
    const std::string alias = fmt::format("h{}_{}", index, i);
    std::string on;
    for (const auto& [from, to] : hop.on) {
      if (!on.empty()) on += " AND ";
      on += equal(column_sql(relation, to, alias), column_sql(*before, from, before_alias));
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

std::string Guard::flag(std::size_t index, std::string_view category) {
  Path& path = paths_[index];
  auto found = std::find(path.categories.begin(), path.categories.end(), category);
  const auto position = found - path.categories.begin();
  if (found == path.categories.end()) path.categories.emplace_back(category);
  return fmt::format("g{}.c{}", index, position);
}

// Does this record of the consent source clear?
std::string Guard::clearing_record(const Path& path, std::string_view alias) const {
  const ConsentSource& source = *path.kind->consent;
  if (source.kind == ConsentSource::Kind::table) return record_condition(*path.kind, alias);
  return column_sql(relation_of(source.relation), source.flags.find(purpose_.name)->second, alias);
}

std::string Guard::path_condition(std::size_t index, std::string_view category) {
  Path& path = paths_[index];
  const auto listed = purpose_.lawful_basis.find(category);
  if (listed == purpose_.lawful_basis.end()) return "FALSE";
  if (std::any_of(listed->second.bases.begin(), listed->second.bases.end(),
                  [](const rules::ListedBasis& basis) { return basis.by_declaration(); }))
    return presence(index);
  if (!path.kind->consent) return "FALSE";
  const ConsentSource& source = *path.kind->consent;
  const Relation& consent = relation_of(source.relation);
  if (source.kind == ConsentSource::Kind::column) {
    auto configured = source.flags.find(purpose_.name);
    if (configured == source.flags.end()) return "FALSE";
    if (is_own_row(path)) return column_sql(consent, configured->second, alias_);
  }
  path.used = true;
  const std::string alias = fmt::format("g{}", index);
  // The join finds a record that clears, or none.
  if (form_ == Form::join_one && !is_aggregated(source))
    return column_sql(consent, source.subject, alias) + " IS NOT NULL";
  const std::string record = clearing_record(path, alias);
  if (form_ != Form::exists) return is_aggregated(source) ? flag(index, category) : "(" + record + ")";
  std::string where = equal(column_sql(consent, source.subject, alias), path.key);
  where += source.kind == ConsentSource::Kind::table ? purpose_match(source, alias) : "";
  if (source.category) {
    where += " AND " + equal(column_sql(consent, *source.category, alias), quote_literal(category));
  }
  where += " AND " + record;
  std::string from = fmt::format("{} {}", relation_sql(consent), alias);
  if (!path.path->hops.empty()) {
    const rules::SubjectPath::Hop& first = path.path->hops.front();
    for (const auto& [own, other] : first.on) {
      where += " AND " + equal(column_sql(relation_of(first.relation), other, fmt::format("h{}_0", index)),
                               column_sql(relation_of(relation_.oid), own, alias_));
    }
    from = hops(index, false) + " CROSS JOIN " + from;
  }
  return fmt::format("EXISTS (SELECT FROM {} WHERE {})", from, where);
}

// A row without subject is masked, whatever the basis.
std::string Guard::presence(std::size_t index) {
  Path& path = paths_[index];
  const std::string present = path.key + " IS NOT NULL";
  if (form_ != Form::exists || path.path->hops.empty()) {
    path.key_used = true;
    return present;
  }
  std::string where = present;
  const rules::SubjectPath::Hop& first = path.path->hops.front();
  for (const auto& [own, other] : first.on) {
    where += " AND " + equal(column_sql(relation_of(first.relation), other, fmt::format("h{}_0", index)),
                             column_sql(relation_of(relation_.oid), own, alias_));
  }
  return fmt::format("EXISTS (SELECT FROM {} WHERE {})", hops(index, false), where);
}

std::string Guard::condition(std::string_view category) {
  std::string sql;
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    if (i > 0) sql += relation_.all_subjects ? " AND " : " OR ";
    sql += path_condition(i, category);
  }
  return sql.empty() ? "FALSE" : paths_.size() > 1 ? "(" + sql + ")" : sql;
}

std::string Guard::joins() const {
  if (form_ == Form::exists) return {};
  std::string sql;
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    const Path& path = paths_[i];
    if (path.used || path.key_used) sql += hops(i, true);
    if (!path.used) continue;
    const ConsentSource& source = *path.kind->consent;
    const Relation& consent = relation_of(source.relation);
    const std::string alias = fmt::format("g{}", i);
    if (!is_aggregated(source)) {
      const std::string purpose =
          source.kind == ConsentSource::Kind::table ? purpose_match(source, alias) : "";
      sql += fmt::format(" LEFT JOIN {} {} ON {}{}", relation_sql(consent), alias,
                         equal(column_sql(consent, source.subject, alias), path.key), purpose);
      if (form_ == Form::join_one) sql += " AND " + clearing_record(path, alias);
      continue;
    }
    // Several records per subject: one row of flags, so that the guard never multiplies rows.
    std::string flags;
    for (std::size_t c = 0; c < path.categories.size(); ++c) {
      std::string record = record_condition(*path.kind, "r");
      if (source.category) {
        record +=
            " AND " + equal(column_sql(consent, *source.category, "r"), quote_literal(path.categories[c]));
      }
      flags += fmt::format(", pg_catalog.bool_or({}) AS c{}", record, c);
    }
    const std::string subject = column_sql(consent, source.subject, "r");
    const std::string purpose = purpose_match(source, "r");
    sql += fmt::format(" LEFT JOIN (SELECT {0} AS k{1} FROM {2} r{3} GROUP BY {0}) {4} ON {5}", subject,
                       flags, relation_sql(consent), purpose.empty() ? "" : " WHERE " + purpose.substr(5),
                       alias, equal(alias + ".k", path.key));
  }
  return sql;
}

}  // namespace pgconsent::enforce
