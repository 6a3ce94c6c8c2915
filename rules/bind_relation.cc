// The columns of one relation under one rule.
#include <algorithm>
#include <map>
#include <set>

#include "rules/binder.h"
#include "rules/fields.h"
#include "rules/types.h"

namespace pgconsent::rules {

namespace {

using parser::Column;
using parser::Relation;

void add_keys(const Relation& relation, std::set<AttrNumber>& keys) {
  for (const parser::UniqueKey& key : relation.unique_keys) {
    if (key.primary) keys.insert(key.attnums.begin(), key.attnums.end());
  }
  for (const parser::ForeignKey& key : relation.foreign_keys)
    keys.insert(key.attnums.begin(), key.attnums.end());
}

// Public unless a rule names them: what identifies and connects rows. Inheritance children have no keys of
// their own: what is a key of the parent is one here.
std::set<AttrNumber> key_columns(const Relation& relation, const Relation& declared,
                                 const ProtectedRelation& bound) {
  std::set<AttrNumber> keys, declared_keys;
  for (const SubjectPath& path : bound.subjects) {
    if (path.hops.empty()) {
      keys.insert(path.key);
    } else {
      for (const auto& [from, to] : path.hops.front().on) keys.insert(from);
    }
  }
  add_keys(relation, keys);
  add_keys(declared, declared_keys);
  for (AttrNumber attnum : declared_keys) {
    const Column* of_parent = declared.column(attnum);
    const Column* own = of_parent == nullptr ? nullptr : relation.column(of_parent->name);
    if (own != nullptr) keys.insert(own->attnum);
  }
  return keys;
}

// The file's name only: this text reaches clients, who need not know the server's folders.
std::string rule_name(const Binding& binding, const Relation& declared, std::string_view column, Place at) {
  std::string_view file = binding.rules.file;
  file.remove_prefix(file.rfind('/') + 1);  // npos + 1 is 0
  return display(declared) + "." + display_identifier(column) + " (" + std::string(file) + ":" +
         std::to_string(at.line) + ")";
}

void check_mask(const ColumnRule& rule, const Relation& relation, const Column& column, Reporter& report) {
  if (rule.is_public) return;
  MaskFit fit = mask_fit(rule.mask, column);
  const std::string name = in_backticks(display(relation) + "." + display_identifier(column.name)) + ": ";
  if (!fit.error.empty()) report.error(rule.mask_at, name + fit.error, fit.hint);
  if (!fit.warning.empty() && rule.without_basis == WithoutBasis::mask) {
    report.warning(rule.mask_at, name + fit.warning, fit.hint);
  }
  if (rule.lookup_equality && !column.has_equality) {
    report.error(rule.name.at,
                 name + "`lookup: equality` needs a type with equality, not " + type_name(column));
  }
}

// Columns that only `other_columns` decides about: one warning for all of them.
void warn_about_others(const TableRule& rule, const Relation& relation, const ProtectedRelation& bound,
                       const std::vector<const Column*>& others, Reporter& report) {
  std::vector<std::string> not_null, generated;
  for (const Column* column : others) {
    if (rule.others_public) {
      if (!bound.column(column->attnum)->is_public) generated.push_back(display_identifier(column->name));
    } else if (column->not_null) {
      not_null.push_back(display_identifier(column->name));
    }
  }
  const std::string name = in_backticks(display(relation));
  if (!not_null.empty()) {
    report.warning(rule.others_at, "no rule names these NOT NULL columns of " + name +
                                       ", they read as null: " + list_of(not_null, ", "));
  }
  if (!generated.empty()) {
    report.warning(rule.others_at,
                   "generated columns of " + name +
                       " may be computed from personal data and stay masked: " + list_of(generated, ", "),
                   "give them rules of their own");
  }
}

// Is the column, if it is a generated one, computed from columns that are public in `bound`? By other
// functions than PostgreSQL's own it might be from elsewhere.
bool holds_public(const Relation& relation, const Column& column, const ProtectedRelation& bound) {
  const auto is_public = [&](AttrNumber attnum) {
    const Column* from = relation.column(attnum);
    // By inheritance a generated one can be computed from another generated one.
    return from != nullptr && !from->generated &&
           std::any_of(bound.columns.begin(), bound.columns.end(),
                       [&](const auto& each) { return each.name == from->name && each.is_public; });
  };
  return !column.generated ||
         (column.generated_by_built_ins &&
          std::all_of(column.generated_from.begin(), column.generated_from.end(), is_public));
}

// Here and in children, which may compute a column of that name from others.
bool holds_public_everywhere(const Binding& binding, const Relation& relation, std::string_view name,
                             const ProtectedRelation& bound) {
  const Column* column = relation.column(name);
  return column != nullptr && holds_public(relation, *column, bound) &&
         std::all_of(relation.children.begin(), relation.children.end(), [&](Oid oid) {
           const Relation* child = binding.catalog.relation(oid);
           return child != nullptr && holds_public_everywhere(binding, *child, name, bound);
         });
}

}  // namespace

ProtectedRelation bind_relation(const Binding& binding, const TableRule& rule, const Relation& relation,
                                const Relation& declared, Reporter& report) {
  ProtectedRelation out;
  out.oid = relation.oid;
  out.declared = declared.oid;
  out.name = display(relation);
  out.description = rule.description;
  bind_paths(binding, rule.subject, relation, out, report);
  const std::set<AttrNumber> keys = key_columns(relation, declared, out);

  std::map<AttrNumber, const ColumnRule*> named;
  for (const ColumnRule& column_rule : rule.columns) {
    if (const Column* column = find_column(relation, column_rule.name, report)) {
      named.emplace(column->attnum, &column_rule);
      check_mask(column_rule, relation, *column, report);
    }
  }
  std::vector<const Column*> others;
  for (const Column& column : relation.columns) {
    ProtectedColumn bound;
    bound.attnum = column.attnum;
    bound.name = column.name;
    auto it = named.find(column.attnum);
    if (it != named.end()) {
      const ColumnRule& from = *it->second;
      bound.is_named = true;
      bound.is_public = from.is_public;
      bound.category = from.category.text;
      bound.mask = from.mask;
      bound.lookup_equality = from.lookup_equality;
      bound.write_allowed = from.write_allowed;
      bound.without_basis = from.without_basis;
      bound.rule = rule_name(binding, declared, column.name, from.name.at);
    } else {
      const bool is_key = keys.contains(column.attnum);
      bound.is_public = is_key || rule.others_public;
      bound.rule = rule_name(binding, declared, column.name, rule.others_at);
      if (!is_key) others.push_back(&column);
    }
    out.columns.push_back(std::move(bound));
  }
  for (bool changed = rule.others_public; changed;) {  // what is computed from one that is not is neither
    changed = false;
    for (ProtectedColumn& column : out.columns) {
      const bool other = column.is_public && !column.is_named && !keys.contains(column.attnum);
      if (!other || holds_public_everywhere(binding, relation, column.name, out)) continue;
      column.is_public = false;
      changed = true;
    }
  }
  warn_about_others(rule, relation, out, others, report);
  return out;
}

}  // namespace pgconsent::rules
