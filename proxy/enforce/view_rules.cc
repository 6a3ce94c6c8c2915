#include "proxy/enforce/view_rules.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "parser/bind/name_resolver.h"
#include "parser/bind/references.h"
#include "parser/tree/raw_tree.h"
#include "parser/tree/walker.h"

namespace pgconsent::enforce {

namespace {

using parser::Oid;
using parser::Relation;
using rules::ProtectedColumn;
using rules::ProtectedRelation;

constexpr int max_depth = 32;

// What a definition says, by names alone: pg_get_viewdef qualifies columns where there is more than one
// relation, and writes a whole row as name.*.
struct Words {
  std::unordered_set<std::string_view> names;  // last parts of column references, and USING lists
  bool whole_row = false;
  bool renamed = false;  // an alias gives columns other names

  void add(const Node* node, const Node* skipped = nullptr) {
    if (node == skipped) return;
    switch (nodeTag(node)) {
      case T_ColumnRef: {
        const List* fields = parser::as<ColumnRef>(node)->fields;
        whole_row |= nodeTag(llast(fields)) == T_A_Star;
        parser::for_each(fields, [&](const Node* field) { names.insert(parser::string_value(field)); });
        return;
      }
      case T_JoinExpr:
        parser::for_each(parser::as<JoinExpr>(node)->usingClause,
                         [&](const Node* name) { names.insert(parser::string_value(name)); });
        alias(parser::as<JoinExpr>(node)->alias);
        break;
      case T_RangeVar:
        alias(parser::as<RangeVar>(node)->alias);
        break;
      case T_RangeSubselect:
        alias(parser::as<RangeSubselect>(node)->alias);
        break;
      case T_RangeFunction:
        alias(parser::as<RangeFunction>(node)->alias);
        break;
      case T_CommonTableExpr:
        renamed |= parser::as<CommonTableExpr>(node)->aliascolnames != nullptr;
        break;
      default:
        break;
    }
    parser::for_each_child(node, [&](const Node* child) { add(child, skipped); });
  }

 private:
  void alias(const Alias* alias) { renamed |= alias != nullptr && alias->colnames != nullptr; }
};

// Is the reference an item of the FROM clause itself, perhaps in a join?
bool is_from_item(const Node* item, const RangeVar* range) {
  if (nodeTag(item) == T_RangeTableSample) item = parser::as<RangeTableSample>(item)->relation;
  if (nodeTag(item) == T_RangeVar) return parser::as<RangeVar>(item) == range;
  if (nodeTag(item) != T_JoinExpr) return false;
  return is_from_item(parser::as<JoinExpr>(item)->larg, range) ||
         is_from_item(parser::as<JoinExpr>(item)->rarg, range);
}

class Deriver {
 public:
  Deriver(const parser::Snapshot& catalog, const rules::Policy& policy, const parser::FunctionReach& reach,
          const RuleConditions& conditions)
      : catalog_(catalog), policy_(policy), reach_(reach), conditions_(conditions) {}

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
    const ProtectedRelation* rules = nullptr;
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
    if (is_free_of_masked(words, entries)) return all_public(view, entries);
    return passed_on(view, select, entries);
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
      entries.push_back({reference.range, rules});
    }
    return !entries.empty();
  }

  static bool hides_rows(const ProtectedRelation& rules) {
    return std::any_of(rules.columns.begin(), rules.columns.end(), [](const ProtectedColumn& column) {
      return !column.is_public && column.without_basis == rules::WithoutBasis::hide_row;
    });
  }

  // A basis that depends on columns of the row can only be asked where the row is.
  bool reads_rows(const ProtectedRelation& rules) const {
    return std::any_of(rules.columns.begin(), rules.columns.end(), [&](const ProtectedColumn& column) {
      return !column.is_public &&
             std::any_of(policy_.purposes.begin(), policy_.purposes.end(), [&](const auto& purpose) {
               return conditions_.reads_row(rules, purpose.second, column.category);
             });
    });
  }

  static bool is_free_of_masked(const Words& words, const std::vector<Entry>& entries) {
    return std::all_of(entries.begin(), entries.end(), [&](const Entry& entry) {
      return std::all_of(entry.rules->columns.begin(), entry.rules->columns.end(),
                         [&](const ProtectedColumn& column) {
                           return column.is_public || !words.names.contains(column.name);
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

  static void note_source(const ProtectedRelation& rules, ProtectedRelation& out) {
    if (rules.through.empty()) {
      out.through.push_back(rules.name);
    } else {
      out.through.insert(out.through.end(), rules.through.begin(), rules.through.end());
    }
  }

  // SELECT u.id, u.email FROM users u JOIN … WHERE …: masked columns occur as result columns, and nowhere
  // else.
  std::optional<ProtectedRelation> passed_on(const Relation& view, const SelectStmt* select,
                                             const std::vector<Entry>& entries) {
    const bool is_plain = entries.size() == 1 && select->op == SETOP_NONE && select->withClause == nullptr &&
                          select->distinctClause == nullptr && select->groupClause == nullptr &&
                          select->sortClause == nullptr && select->limitCount == nullptr &&
                          select->limitOffset == nullptr && select->valuesLists == nullptr;
    if (!is_plain || view.columns.size() != static_cast<std::size_t>(list_length(select->targetList)))
      return std::nullopt;
    const Entry& entry = entries.front();
    bool found = false;
    parser::for_each(select->fromClause, [&](const Node* item) { found |= is_from_item(item, entry.range); });
    if (!found) return std::nullopt;
    const bool alone = select->fromClause->length == 1 && nodeTag(linitial(select->fromClause)) == T_RangeVar;

    ProtectedRelation out = all_public(view, entries);
    std::vector<std::pair<parser::AttrNumber, parser::AttrNumber>> shown;  // below, in the view
    Words elsewhere;
    std::size_t position = 0;
    bool refuses = false;
    parser::for_each(select->targetList, [&](const Node* node) {
      const parser::Column& column = view.columns[position];
      ProtectedColumn& rule = out.columns[position++];
      const Node* value = parser::as<ResTarget>(node)->val;
      const ProtectedColumn* source = column_of(entry, value, alone);
      if (source == nullptr) return elsewhere.add(value);
      shown.emplace_back(source->attnum, column.attnum);
      if (source->is_public) return;
      // A row that an outer join has made up has no subject, and must not fail.
      refuses |= source->without_basis == rules::WithoutBasis::refuse;
      const std::string name = rule.name;
      rule = *source;
      rule.attnum = column.attnum;
      rule.name = name;
      if (rule.source.empty()) rule.source = entry.rules->name + "." + source->name;
    });
    parser::for_each_child(parser::node_of(select), [&](const Node* child) {
      if (nodeTag(child) != T_ResTarget) elsewhere.add(child);
    });
    out.has_subject = alone && entry.rules->has_subject;
    if ((refuses && !alone) || !is_free_of_masked(elsewhere, entries) || !subjects(*entry.rules, shown, out))
      return std::nullopt;
    return out;
  }

  // `alias.column`, or `column` where there is one relation only.
  static const ProtectedColumn* column_of(const Entry& entry, const Node* value, bool alone) {
    if (nodeTag(value) != T_ColumnRef) return nullptr;
    const List* fields = parser::as<ColumnRef>(value)->fields;
    if (fields->length > 2 || (fields->length == 1 && !alone)) return nullptr;
    const RangeVar* range = entry.range;
    const std::string_view name = range->alias != nullptr ? range->alias->aliasname : range->relname;
    if (fields->length == 2 && parser::string_value(static_cast<const Node*>(linitial(fields))) != name)
      return nullptr;
    const std::string_view column = parser::last_string(fields);
    auto found = std::find_if(entry.rules->columns.begin(), entry.rules->columns.end(),
                              [&](const ProtectedColumn& c) { return c.name == column; });
    return found == entry.rules->columns.end() ? nullptr : &*found;
  }

  // The ways to the subjects begin at columns of the table: the view must show them.
  static bool subjects(const ProtectedRelation& rules,
                       const std::vector<std::pair<parser::AttrNumber, parser::AttrNumber>>& shown,
                       ProtectedRelation& out) {
    bool complete = true;
    auto translate = [&](parser::AttrNumber& attnum) {
      auto found = std::find_if(shown.begin(), shown.end(), [&](const auto& s) { return s.first == attnum; });
      complete &= found != shown.end();
      if (found != shown.end()) attnum = found->second;
    };
    out.all_subjects = rules.all_subjects;
    out.subjects = rules.subjects;
    for (rules::SubjectPath& path : out.subjects) {
      if (path.hops.empty()) {
        translate(path.key);
      } else {
        for (auto& [own, other] : path.hops.front().on) translate(own);
      }
    }
    return complete;
  }

  const parser::Snapshot& catalog_;
  const rules::Policy& policy_;
  const parser::FunctionReach& reach_;
  const RuleConditions& conditions_;
  std::unordered_map<Oid, std::optional<ProtectedRelation>> known_;  // pointers into it stay valid
  ViewRules derived_;
};

}  // namespace

ViewRules derive_view_rules(const parser::Snapshot& catalog, const rules::Policy& policy,
                            const parser::FunctionReach& reach, const RuleConditions& conditions) {
  return Deriver(catalog, policy, reach, conditions).run();
}

}  // namespace pgconsent::enforce
