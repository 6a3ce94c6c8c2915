#include "proxy/enforce/view_rules.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "parser/bind/name_resolver.h"
#include "parser/bind/references.h"
#include "parser/names/type_oids.h"
#include "parser/tree/raw_tree.h"
#include "parser/tree/walker.h"
#include "proxy/enforce/view_shape.h"

namespace pgconsent::enforce {

namespace {

using parser::Oid;
using parser::Relation;
using rules::ProtectedColumn;
using rules::ProtectedRelation;

constexpr int max_depth = 32;

// A plain column as a result column of the view.
struct Shown {
  NamedColumn column;
  parser::AttrNumber attnum = 0;  // in the view
  const void* entry = nullptr;    // that it comes from, where it is not public
};

class Deriver {
 public:
  Deriver(const parser::Snapshot& catalog, const rules::Policy& policy, const parser::FunctionReach& reach,
          const RuleConditions& conditions, const rules::Purpose* purpose)
      : catalog_(catalog), policy_(policy), reach_(reach), conditions_(conditions), purpose_(purpose) {}

  ViewRules run() {
    for (const auto& [oid, relation] : catalog_.relations) {
      if (reach_.reaches_protected(oid) == parser::RelationReach::view) rules_of(relation, 0);
    }
    for (auto& [oid, rules] : known_) {
      if (rules) derived_.emplace(oid, std::move(*rules));
    }
    return std::move(derived_);
  }

 private:
  struct Entry {
    const RangeVar* range = nullptr;
    const Relation* relation = nullptr;
    const ProtectedRelation* rules = nullptr;
    bool in_from = false;    // an item of the view's own FROM clause
    bool passes_on = false;  // columns that are not clear
  };

  const ProtectedRelation* rules_of(const Relation& relation, int depth) {
    if (reach_.reaches_protected(relation.oid) == parser::RelationReach::protected_itself)
      return policy_.relation(relation.oid);
    if (reach_.reaches_protected(relation.oid) != parser::RelationReach::view || depth > max_depth)
      return nullptr;
    auto known = known_.find(relation.oid);
    if (known == known_.end()) {
      std::optional<ProtectedRelation> rules = derive(relation, depth);
      known = known_.emplace(relation.oid, std::move(rules)).first;
    }
    return known->second ? &*known->second : nullptr;
  }

  std::optional<ProtectedRelation> derive(const Relation& view, int depth) {
    parser::RawTree tree;
    parser::SqlError error;
    if (view.view_definition.empty() || !parser::RawTree::parse(view.view_definition, tree, error) ||
        list_length(tree.statements()) != 1) {
      return std::nullopt;
    }
    const Node* statement = linitial_node(RawStmt, tree.statements())->stmt;
    std::vector<Entry> entries;
    if (nodeTag(statement) != T_SelectStmt || !find_entries(statement, depth, entries)) return std::nullopt;
    const auto* select = parser::as<SelectStmt>(statement);
    Words words;
    words.add(statement);
    if (words.whole_row || words.renamed) return std::nullopt;
    std::optional<ProtectedRelation> out;
    if (is_free_of_masked(words, entries)) {
      out = all_public(view, entries);
    } else {
      out = passed_on(view, select, entries);
    }
    if (out) note_clear(words, entries, *out);
    return out;
  }

  // For the purpose at hand nothing can mask it, whoever the subject is.
  bool is_clear(const ProtectedRelation& rules, const ProtectedColumn& column) const {
    return column.is_public ||
           (purpose_ != nullptr &&
            rules::decide(policy_, rules, purpose_, column).clearance == rules::Clearance::always);
  }

  // What is computed with inside the view, for the audit.
  void note_clear(const Words& words, const std::vector<Entry>& entries, ProtectedRelation& out) const {
    if (purpose_ == nullptr) return;
    for (const Entry& entry : entries) {
      for (const ProtectedColumn& column : entry.rules->columns) {
        if (column.is_public || !is_clear(*entry.rules, column) || !words.names.contains(column.name))
          continue;
        out.inside.push_back(column);
        note_origin(*entry.rules, out.inside.back());
      }
      out.inside.insert(out.inside.end(), entry.rules->inside.begin(), entry.rules->inside.end());
    }
  }

  // False: one of them can't be judged, or rows may be hidden.
  bool find_entries(const Node* statement, int depth, std::vector<Entry>& entries) {
    static const std::vector<std::string> only_built_in = {"pg_catalog"};
    const parser::NameResolver names(catalog_, only_built_in, {});
    parser::References references;
    parser::collect_references(statement, references);
    if (references.unknown_node != 0 || references.too_deep) return false;
    for (const parser::RelationReference& reference : references.relations) {
      const parser::ResolvedName name = names.resolve(*reference.range);
      if (name.relation == nullptr) return false;
      if (reach_.reaches_protected(name.relation->oid) == parser::RelationReach::none) continue;
      const ProtectedRelation* rules = rules_of(*name.relation, depth + 1);
      if (rules == nullptr || hides_rows(*rules) || reads_rows(*rules)) return false;
      entries.push_back({reference.range, name.relation, rules});
    }
    return !entries.empty();
  }

  bool hides_rows(const ProtectedRelation& rules) const {
    return std::any_of(rules.columns.begin(), rules.columns.end(), [&](const ProtectedColumn& column) {
      return !is_clear(rules, column) && column.without_basis == rules::WithoutBasis::hide_row;
    });
  }

  // A basis that depends on columns of the row can only be asked where the row is.
  bool reads_rows(const ProtectedRelation& rules) const {
    auto reads = [&](const rules::Purpose& purpose) {
      return std::any_of(rules.columns.begin(), rules.columns.end(), [&](const ProtectedColumn& column) {
        return !is_clear(rules, column) && conditions_.reads_row(rules, purpose, column.category);
      });
    };
    if (purpose_ != nullptr) return reads(*purpose_);
    return std::any_of(policy_.purposes.begin(), policy_.purposes.end(),
                       [&](const auto& purpose) { return reads(purpose.second); });
  }

  bool is_free_of_masked(const Words& words, const std::vector<Entry>& entries) const {
    return std::all_of(entries.begin(), entries.end(), [&](const Entry& entry) {
      return std::all_of(entry.rules->columns.begin(), entry.rules->columns.end(),
                         [&](const ProtectedColumn& column) {
                           return is_clear(*entry.rules, column) || !words.names.contains(column.name);
                         });
    });
  }

  static ProtectedRelation all_public(const Relation& view, const std::vector<Entry>& entries) {
    ProtectedRelation out;
    out.oid = out.declared = view.oid;
    out.name = view.schema + "." + view.name;
    for (const Entry& entry : entries) note_source(*entry.rules, out);
    for (const parser::Column& column : view.columns) {
      ProtectedColumn rule;
      rule.attnum = column.attnum;
      rule.name = column.name;
      rule.is_public = true;
      out.columns.push_back(std::move(rule));
    }
    return out;
  }

  static void note_origin(const ProtectedRelation& rules, ProtectedColumn& column) {
    if (column.declared_by != 0) return;
    column.declared_by = rules.oid;
    column.source = rules.name + "." + column.name;
  }

  static void note_source(const ProtectedRelation& rules, ProtectedRelation& out) {
    if (rules.through.empty()) {
      out.through.push_back(rules.name);
    } else {
      out.through.insert(out.through.end(), rules.through.begin(), rules.through.end());
    }
  }

  // SELECT u.id, u.email FROM users u JOIN … WHERE …: masked columns occur as result columns, and nowhere
  // else; which rows there are does not depend on them.
  std::optional<ProtectedRelation> passed_on(const Relation& view, const SelectStmt* select,
                                             std::vector<Entry>& entries) {
    if (select->op != SETOP_NONE || select->valuesLists != nullptr ||
        view.columns.size() != static_cast<std::size_t>(list_length(select->targetList))) {
      return std::nullopt;
    }
    for (Entry& entry : entries) entry.in_from = is_from_item(select, entry.range);
    const auto* first =
        static_cast<const Node*>(select->fromClause != nullptr ? linitial(select->fromClause) : nullptr);
    const bool alone = first != nullptr && select->fromClause->length == 1 && nodeTag(first) == T_RangeVar;
    const std::string_view only = alone ? item_name(parser::as<RangeVar>(first)) : std::string_view();

    ProtectedRelation out = all_public(view, entries);
    std::vector<Shown> shown;
    Words elsewhere;
    std::size_t position = 0;
    bool refuses = false;
    parser::for_each(select->targetList, [&](const Node* node) {
      const parser::Column& column = view.columns[position];
      ProtectedColumn& rule = out.columns[position++];
      const Node* value = parser::as<ResTarget>(node)->val;
      NamedColumn name;
      if (!named_column(value, only, name)) return elsewhere.add(value);
      shown.push_back({name, column.attnum, nullptr});
      Entry* entry = entry_of(entries, name);
      const ProtectedColumn* source = entry == nullptr ? nullptr : rule_of(*entry, name.name);
      if (source == nullptr) return elsewhere.add(value);
      if (source->is_public) return;
      shown.back().entry = entry;
      entry->passes_on |= !is_clear(*entry->rules, *source);
      // A row that an outer join has made up has no subject, and must not fail.
      refuses |= source->without_basis == rules::WithoutBasis::refuse && !is_clear(*entry->rules, *source);
      rule = *source;
      note_origin(*entry->rules, rule);
      rule.attnum = column.attnum;
      rule.name = column.name;
    });
    parser::for_each_child(parser::node_of(select), [&](const Node* child) {
      const bool harmless = nodeTag(child) == T_ResTarget || repeats_key(child, select, entries, only);
      if (!harmless) elsewhere.add(child);
    });
    if ((refuses && !alone) || !is_free_of_masked(elsewhere, entries) ||
        !keeps_distinct(select, entries, shown) || !subjects(view, select, entries, shown, out)) {
      return std::nullopt;
    }
    return out;
  }

  static Entry* entry_of(std::vector<Entry>& entries, const NamedColumn& column) {
    auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
      return entry.in_from && item_name(entry.range) == column.item;
    });
    return found == entries.end() ? nullptr : &*found;
  }

  static const ProtectedColumn* rule_of(const Entry& entry, std::string_view name) {
    auto found = std::find_if(entry.rules->columns.begin(), entry.rules->columns.end(),
                              [&](const ProtectedColumn& c) { return c.name == name; });
    return found == entry.rules->columns.end() ? nullptr : &*found;
  }

  // Are all columns of the relation's primary key public, and among those that `has` knows?
  template <class Has>
  static bool has_key(const Entry& entry, Has&& has) {
    const bool children = entry.range->inh && !entry.relation->children.empty();
    if (children && entry.relation->kind != parser::RelationKind::partitioned_table) return false;
    for (const parser::UniqueKey& key : entry.relation->unique_keys) {
      if (!key.primary) continue;
      return std::all_of(key.attnums.begin(), key.attnums.end(), [&](parser::AttrNumber attnum) {
        const ProtectedColumn* rule = entry.rules->column(attnum);
        return rule != nullptr && rule->is_public && has(NamedColumn{item_name(entry.range), rule->name});
      });
    }
    return false;
  }

  // GROUP BY u.id, u.email: beside the key the other columns make no difference.
  static bool repeats_key(const Node* item, const SelectStmt* select, std::vector<Entry>& entries,
                          std::string_view only) {
    NamedColumn column;
    if (!named_column(item, only, column)) return false;
    bool plain = false;
    std::vector<NamedColumn> grouped;
    parser::for_each(select->groupClause, [&](const Node* each) {
      NamedColumn one;
      if (named_column(each, only, one)) grouped.push_back(one);
      plain |= each == item;
    });
    const Entry* entry = plain && grouped.size() == static_cast<std::size_t>(select->groupClause->length)
                             ? entry_of(entries, column)
                             : nullptr;
    return entry != nullptr && has_key(*entry, [&](const NamedColumn& key) {
             return std::find(grouped.begin(), grouped.end(), key) != grouped.end();
           });
  }

  // DISTINCT compares what is shown: with a row's key among it the rest makes no difference.
  static bool keeps_distinct(const SelectStmt* select, const std::vector<Entry>& entries,
                             const std::vector<Shown>& shown) {
    if (select->distinctClause == nullptr || linitial(select->distinctClause) != nullptr) return true;
    return std::all_of(entries.begin(), entries.end(), [&](const Entry& entry) {
      return !entry.passes_on || has_key(entry, [&](const NamedColumn& key) {
        return std::any_of(shown.begin(), shown.end(), [&](const Shown& s) { return s.column == key; });
      });
    });
  }

  // The ways to the subjects begin at columns of the tables: the view must show them, or what equals them.
  bool subjects(const Relation& view, const SelectStmt* select, std::vector<Entry>& entries,
                const std::vector<Shown>& shown, ProtectedRelation& out) const {
    const Equalities equal = equalities(select);
    auto show = [&](const NamedColumn& column) -> const parser::Column* {
      auto found =
          std::find_if(shown.begin(), shown.end(), [&](const Shown& s) { return s.column == column; });
      return found == shown.end() ? nullptr : view.column(found->attnum);
    };
    auto translate = [&](const Entry& entry, parser::AttrNumber& attnum) {
      const parser::Column* own = entry.relation->column(attnum);
      if (own == nullptr) return false;
      const NamedColumn column{item_name(entry.range), own->name};
      const parser::Column* found = show(column);
      for (const auto& [from, to] : equal) {
        if (found != nullptr || !(from == column)) continue;
        const parser::Column* other = show(to);
        const bool same = other != nullptr &&
                          ((parser::is_integer_type(own->type) && parser::is_integer_type(other->type)) ||
                           (own->type == parser::uuid_oid && other->type == parser::uuid_oid));
        if (same) found = other;
      }
      if (found == nullptr) return false;
      attnum = found->attnum;
      return true;
    };
    for (Entry& entry : entries) {
      if (!entry.passes_on) continue;
      const std::size_t first_set = out.subject_sets.size();
      const bool complete = add_subjects(entry, translate, out);
      for (const Shown& s : shown) {
        if (s.entry != &entry) continue;
        ProtectedColumn& column =
            out.columns[static_cast<std::size_t>(view.column(s.attnum) - view.columns.data())];
        column.subject_set += first_set;
        if (!complete &&
            (purpose_ == nullptr ||
             rules::decide(policy_, *entry.rules, purpose_, column).clearance == rules::Clearance::by_row)) {
          return false;
        }
      }
    }
    if (out.subject_sets.size() == 1) {
      out.all_subjects = out.subject_sets.front().all_subjects;
      out.subject_sets.clear();
    }
    return true;
  }

  // False: some are not shown. Nothing is cleared by them then.
  template <class Translate>
  static bool add_subjects(const Entry& entry, Translate&& translate, ProtectedRelation& out) {
    const ProtectedRelation& rules = *entry.rules;
    std::vector<rules::SubjectSet> sets = rules.subject_sets;
    if (sets.empty()) sets.push_back({rules.all_subjects, 0, rules.subjects.size()});
    const std::size_t first_set = out.subject_sets.size();
    bool complete = true;
    for (rules::SubjectSet set : sets) {
      const std::size_t from = set.first;
      set.first = out.subjects.size();
      for (std::size_t i = from; i < from + set.count; ++i) {
        rules::SubjectPath path = rules.subjects[i];
        if (path.hops.empty()) {
          complete &= translate(entry, path.key);
        } else {
          for (auto& [own, other] : path.hops.front().on) complete &= translate(entry, own);
        }
        out.subjects.push_back(std::move(path));
      }
      out.subject_sets.push_back(set);
    }
    if (!complete) {  // half a path would begin at another column
      for (std::size_t i = first_set; i < out.subject_sets.size(); ++i) out.subject_sets[i].count = 0;
      out.subjects.resize(out.subject_sets[first_set].first);
    }
    return complete;
  }

  const parser::Snapshot& catalog_;
  const rules::Policy& policy_;
  const parser::FunctionReach& reach_;
  const RuleConditions& conditions_;
  const rules::Purpose* const purpose_;
  std::unordered_map<Oid, std::optional<ProtectedRelation>> known_;  // pointers into it stay valid
  ViewRules derived_;
};

}  // namespace

ViewRules derive_view_rules(const parser::Snapshot& catalog, const rules::Policy& policy,
                            const parser::FunctionReach& reach, const RuleConditions& conditions,
                            const rules::Purpose* purpose) {
  return Deriver(catalog, policy, reach, conditions, purpose).run();
}

}  // namespace pgconsent::enforce
