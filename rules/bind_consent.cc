#include <algorithm>

#include "rules/binder.h"
#include "rules/types.h"

namespace pgconsent::rules {

namespace {

using parser::Column;
using parser::Oid;
using parser::Relation;

constexpr std::string_view children_hint = "a unique index does not cover the rows of inheritance children";

std::string column_name(const Relation& relation, const Column& column) {
  return in_backticks(display(relation) + "." + display_identifier(column.name));
}

std::string wrong_type(const Relation& relation, const Column& column, std::string_view wanted) {
  return column_name(relation, column) + " has type " + type_name(column) + ", but must be " +
         std::string(wanted);
}

// Columns that are compared with the names of purposes and categories.
constexpr const char* own_equality_hint =
    "the guard compares as PostgreSQL's own types do: use text, with a nondeterministic collation where case "
    "must not "
    "count";

void bind_label(const parser::Snapshot& catalog, const Relation& relation, const std::optional<Text>& rule,
                std::optional<AttrNumber>& out, Reporter& report) {
  if (!rule) return;
  const Column* column = find_column(relation, *rule, report);
  if (column == nullptr) return;
  if (!is_string(*column) && !is_enum(*column)) {
    report.error(rule->at, wrong_type(relation, *column, "a string or an enum"));
  } else if (has_own_equality(catalog, *column)) {
    report.error(rule->at,
                 column_name(relation, *column) + " has type " + type_name(*column) +
                     ", which compares in a way of its own",
                 own_equality_hint);
  }
  out = column->attnum;
}

void bind_time(const Relation& relation, const std::optional<Text>& rule, std::optional<AttrNumber>& out,
               Reporter& report) {
  if (!rule) return;
  const Column* column = find_column(relation, *rule, report);
  if (column == nullptr) return;
  if (!is_date(*column)) {
    report.error(rule->at, wrong_type(relation, *column, "a date or a timestamp"));
  } else if (!is_timestamptz(*column)) {
    // A comparison in the session's time zone would let the application decide about the mask.
    report.warning(rule->at, column_name(relation, *column) + " has no time zone: it is taken as UTC");
  }
  out = column->attnum;
}

// Any type that is ordered: a time stamp, a number.
void bind_history(const Relation& relation, const std::optional<Text>& rule, std::optional<AttrNumber>& out,
                  Reporter& report) {
  if (!rule) return;
  const Column* column = find_column(relation, *rule, report);
  if (column == nullptr) return;
  if (!is_date(*column) && column->type_category != 'N') {
    report.error(rule->at, wrong_type(relation, *column, "a date, a timestamp or a number"));
  }
  out = column->attnum;
}

Condition condition_of(const Binding& binding, const Text& text) {
  return {text.text, {binding.rules.file, text.at.line, text.at.column}};
}

// Policies hold for the session that asks, and may ask its settings: what they hide could be an objection.
bool has_policies(const Binding& binding, const Relation& relation) {
  const auto has = [&](Oid oid) {
    const Relation* below = binding.catalog.relation(oid);
    return below != nullptr && below->row_security;
  };
  return relation.row_security || (relation.security_invoker &&
                                   std::any_of(relation.depends_on.begin(), relation.depends_on.end(), has));
}

void bind_table_source(Binding& binding, const ConsentRule& rule, const SubjectKind& kind,
                       ConsentSource& source, Reporter& report) {
  const Relation* relation = find_relation(binding, rule.table, report);
  if (relation == nullptr) return;
  source.relation = relation->oid;
  source.given = condition_of(binding, rule.given);
  if (rule.objected) source.objected = condition_of(binding, *rule.objected);
  if (rule.restricted) source.restricted = condition_of(binding, *rule.restricted);
  bind_label(binding.catalog, *relation, rule.purpose, source.purpose, report);
  bind_label(binding.catalog, *relation, rule.category, source.category, report);
  bind_time(*relation, rule.valid_from, source.valid_from, report);
  bind_time(*relation, rule.valid_until, source.valid_until, report);
  bind_history(*relation, rule.history, source.history, report);
  binding.policy.consent_relations.insert(relation->oid);
  if (has_policies(binding, *relation))
    report.error(
        rule.table.at,
        "`" + display(*relation) + "` has row security: what a session sees of it may depend on the session",
        "read consent through a view whose owner the policies do not hold for");

  const Column* subject = find_column(*relation, rule.subject, report);
  if (subject == nullptr) return;
  source.subject = subject->attnum;
  std::vector<AttrNumber> columns{source.subject};
  if (source.purpose) columns.push_back(*source.purpose);
  if (source.category) columns.push_back(*source.category);
  source.one_row = finds_one_row(*relation, columns);
  source.follows_row = parser::follows(binding.catalog, relation->oid, kind.relation);
  if (source.follows_row && (source.tells_objections() || source.tells_restriction()))
    report.warning(rule.table.at,
                   "a foreign key removes or changes records of `" + display(*relation) +
                       "` with the subject's row: an objection is gone with it",
                   "let the records stay: no ON DELETE or ON UPDATE action");

  const Relation* subjects = binding.catalog.relation(kind.relation);
  const Column* key = subjects == nullptr ? nullptr : subjects->column(kind.key);
  if (key != nullptr && !comparable(binding.catalog, *subject, *key)) {
    report.error(rule.subject.at, column_name(*relation, *subject) + " has type " + type_name(*subject) +
                                      ", which can't be compared with " + column_name(*subjects, *key) +
                                      " of type " + type_name(*key));
  }
}

void bind_column_source(Binding& binding, const ConsentRule& rule, const SubjectKind& kind,
                        ConsentSource& source, Reporter& report) {
  const Relation* relation = binding.catalog.relation(kind.relation);
  if (relation == nullptr) return;
  source.relation = kind.relation;
  source.subject = kind.key;
  source.one_row = finds_one_row(*relation, {kind.key});
  if (!source.one_row) {
    report.error(
        rule.kind.at,
        "consent flags of " + in_backticks(rule.kind.text) + " need one row per subject, but " +
            column_name(*relation, *relation->column(kind.key)) + " is not unique",
        relation->children.empty() ? "add a primary key or a unique index" : std::string(children_hint));
  }
  auto flag = [&](const Text& name, bool forbids) -> std::optional<AttrNumber> {
    const Column* column = find_column(*relation, name, report);
    if (column == nullptr) return std::nullopt;
    if (!is_boolean(*column)) {
      report.error(name.at, wrong_type(*relation, *column, "boolean"));
    } else if (forbids && !column->not_null) {
      report.warning(name.at, column_name(*relation, *column) + " may be NULL, which counts as true");
    }
    return column->attnum;
  };
  for (const auto& [purpose, name] : rule.flags) {
    if (auto column = flag(name, false)) source.flags[purpose.text] = *column;
  }
  for (const auto& [purpose, name] : rule.objections) {
    if (auto column = flag(name, true)) source.objections[purpose.text] = *column;
  }
  if (rule.restricted) source.restricted_column = flag(*rule.restricted, true);
}

}  // namespace

void bind_subjects(Binding& binding, Reporter& report) {
  for (const SubjectKindRule& rule : binding.rules.subjects) {
    SubjectKind kind;
    kind.name = rule.name.text;
    kind.description = rule.description;
    if (const Relation* relation = find_relation(binding, rule.table, report)) {
      if (const Column* key = find_column(*relation, rule.key, report)) {
        kind.relation = relation->oid;
        kind.key = key->attnum;
        kind.one_row = finds_one_row(*relation, {kind.key});
        if (!key->has_equality) {
          report.error(rule.key.at, column_name(*relation, *key) + " has type " + type_name(*key) +
                                        ", which has no equality: it can't be a key");
        } else if (has_own_equality(binding.catalog, *key)) {
          report.error(rule.key.at,
                       column_name(*relation, *key) + " has type " + type_name(*key) +
                           ", which compares in a way of its own: it can't be a key",
                       own_equality_hint);
        } else if (rule.regime && !kind.one_row) {
          report.error(rule.regime->at, "the regime of " + in_backticks(rule.name.text) +
                                            " needs one row per subject, but " +
                                            column_name(*relation, *key) + " is not unique");
        } else if (!relation->unique_keys.empty() && relation->children.empty() &&
                   !finds_one_row(*relation, {key->attnum})) {
          report.warning(rule.key.at,
                         column_name(*relation, *key) + " is not unique: subjects share their consent",
                         "is another column the key?");
        }
        bind_label(binding.catalog, *relation, rule.regime, kind.regime, report);
      }
    }
    binding.policy.subjects.emplace(kind.name, std::move(kind));
  }
}

// REQUIRES: the subject kinds are bound.
void bind_consent(Binding& binding, Reporter& report) {
  for (const ConsentRule& rule : binding.rules.consent) {
    auto kind = binding.policy.subjects.find(rule.kind.text);
    if (kind == binding.policy.subjects.end()) continue;  // reported when the rules were read
    ConsentSource source;
    source.kind = rule.source;
    switch (rule.source) {
      case ConsentSource::Kind::table:
        bind_table_source(binding, rule, kind->second, source, report);
        break;
      case ConsentSource::Kind::column:
        bind_column_source(binding, rule, kind->second, source, report);
        break;
      case ConsentSource::Kind::builtin:
        bind_builtin_source(binding, rule, kind->second, source, report);
        break;
    }
    kind->second.consent = std::move(source);
  }
}

}  // namespace pgconsent::rules
