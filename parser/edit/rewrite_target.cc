#include "parser/edit/rewrite_target.h"

#include <fmt/format.h>

#include <algorithm>

#include "parser/edit/columns_check.h"
#include "parser/edit/quiet_condition.h"
#include "parser/tree/walker.h"

namespace pgconsent::parser {

bool is_at_cursor(const Node* statement) {
  const Node* qual = nullptr;
  if (nodeTag(statement) == T_UpdateStmt) qual = as<UpdateStmt>(statement)->whereClause;
  if (nodeTag(statement) == T_DeleteStmt) qual = as<DeleteStmt>(statement)->whereClause;
  return qual != nullptr && nodeTag(qual) == T_CurrentOfExpr;
}

bool where_carries(const Node* statement) {
  return nodeTag(statement) == T_UpdateStmt && !is_at_cursor(statement);
}

const TargetRewriter::Target* TargetRewriter::target_of(int entry) const {
  for (const Target& target : targets_) {
    if (target.modification->entry == entry) return &target;
  }
  return nullptr;
}

std::string TargetRewriter::run(const std::vector<TargetReplacement>& targets) {
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i].replaced) targets_.push_back({&binding_.modifications[i], &targets[i]});
  }
  for (const Target& target : targets_) {
    if (!rename(binding_.entries[target.modification->entry]))
      return "the target could not be found in the text";
    if (!arbiter(target)) return "the constraint could not be found in the text";
    for (std::size_t i = 0; i < target.modification->updates.size(); ++i) {
      const std::string condition = assignment_check(target, i);
      if (!condition.empty() && !check(target, i, condition))
        return "an assignment could not be found in the text";
    }
    if (!asserts_columns(target))
      return "names can't be told from columns that are newer than the catalog: write them with their table";
    // Where a WHERE is added it stands behind what is put behind the last value.
    const bool filtered = !target.replacement->filter.empty() || !target.replacement->lookup.empty() ||
                          target.modification->names_others || !row_check(target).empty();
    if (filtered && !filter(target)) return "the condition could not be found in the text";
  }
  if (!references() && problem_.empty()) problem_ = "a column could not be found in the text";
  if (problem_.empty() && !stars() && problem_.empty()) problem_ = "a * could not be found in the text";
  return problem_;
}

// users [AS u] -> "public"."users" AS "pgconsent_target"
bool TargetRewriter::rename(const RangeEntry& entry) {
  int first = 0, last = 0;
  if (!tokens_.relation_expression(entry.range->location, first, last)) return false;
  const int name = tokens_.at(entry.range->location);
  splicer_.replace(tokens_[name].start, tokens_[tokens_.after_name(name) - 1].end,
                   quote_qualified({entry.relation->schema, entry.relation->name}));
  if (entry.range->alias == nullptr) {
    splicer_.insert(tokens_[last - 1].end, " AS " + quote_identifier(target_alias));
    return true;
  }
  const int alias = tokens_.is_keyword(last, "as") ? last + 1 : last;
  if (alias >= tokens_.size()) return false;
  const int end = tokens_.after_name(alias);
  if (end == alias) return false;
  splicer_.replace(tokens_[alias].start, tokens_[end - 1].end, quote_identifier(target_alias));
  return true;
}

// ON CONFLICT ON CONSTRAINT name -> ON CONFLICT (columns): constraints can get other names meanwhile.
bool TargetRewriter::arbiter(const Target& target) {
  const Node* statement = target.modification->statement;
  if (nodeTag(statement) != T_InsertStmt) return true;
  const OnConflictClause* conflict = as<InsertStmt>(statement)->onConflictClause;
  if (conflict == nullptr || conflict->infer == nullptr || conflict->infer->conname == nullptr) return true;
  const Relation& relation = relation_of(target);
  const std::string_view name = conflict->infer->conname;
  const auto& constraints = relation.constraints;  // a unique index alone is none
  if (std::none_of(constraints.begin(), constraints.end(),
                   [&](const auto& each) { return each.name == name; }))
    return true;
  for (const UniqueKey& key : relation.unique_keys) {
    if (key.index != name) continue;
    const int on = tokens_.at(conflict->infer->location);
    if (on < 0 || !tokens_.is_keyword(on + 1, "constraint") || on + 2 >= tokens_.size()) return false;
    std::string columns;
    for (const AttrNumber attnum : key.attnums)
      columns += (columns.empty() ? "" : ", ") + quote_identifier(relation.column(attnum)->name);
    splicer_.replace(tokens_[on].start, tokens_[tokens_.after_name(on + 2) - 1].end, "(" + columns + ")");
  }
  return true;
}

// What no assignment can carry: asked of the rows that the statement finds, and of no others.
std::string TargetRewriter::row_check(const Target& target) const {
  const auto& updates = target.modification->updates;
  if (updates.size() != 1 || check_carrier(updates.front()) >= 0) return {};
  return target.replacement->checks.front();
}

// Has every row that is there already, and is shown or asked, its columns_check()?
bool TargetRewriter::asserts_columns(const Target& target) const {
  const Modification& each = *target.modification;
  const bool insert = nodeTag(each.statement) == T_InsertStmt;
  if (!each.names_others || (!insert && !is_at_cursor(each.statement))) return true;
  if (each.updates.empty()) return insert;
  return std::all_of(each.updates.begin(), each.updates.end(),
                     [](const AssignmentList& list) { return check_carrier(list) >= 0; });
}

bool TargetRewriter::filter(const Target& target) {
  const Modification& modification = *target.modification;
  const TargetReplacement& replacement = *target.replacement;
  const std::string& condition = replacement.filter;
  const std::string row = row_check(target);
  const std::string before = row.empty() ? "" : "CASE WHEN ";
  std::string after = row.empty() ? "" : " THEN " + row + " ELSE FALSE END";
  if (modification.names_others) after += " AND " + columns_check(relation_of(target));
  // The server may ask the parts of an AND in any order: what must hold first stands around the others.
  const RangeEntry& target_entry = binding_.entries[modification.entry];
  const auto enclose = [&](int first, int last, const Node* qual) {
    const bool beside = condition.empty() || is_quiet(qual, target_entry, replacement.quiet_operators);
    std::string guard = beside ? "" : condition;
    if (!replacement.lookup.empty()) guard += (guard.empty() ? "" : " AND ") + replacement.lookup_guard;
    const std::string lookup = replacement.lookup.empty() ? "" : replacement.lookup + " AND ";
    splicer_.insert(tokens_[first].start,
                    before + lookup + (guard.empty() ? "(" : "CASE WHEN " + guard + " THEN ("));
    splicer_.insert(tokens_[last - 1].end, (guard.empty() ? ")" : ") ELSE FALSE END") +
                                               (beside && !condition.empty() ? " AND " + condition : "") +
                                               after);
    return true;
  };
  const int at = tokens_.at(binding_.entries[modification.entry].range->location);
  int first = 0, last = 0;
  const Node* qual = nullptr;
  switch (nodeTag(modification.statement)) {
    case T_UpdateStmt:
      qual = as<UpdateStmt>(modification.statement)->whereClause;
      break;
    case T_DeleteStmt:
      qual = as<DeleteStmt>(modification.statement)->whereClause;
      break;
    case T_MergeStmt:
      if (!tokens_.merge_condition(at, first, last)) return false;
      return enclose(first, last, as<MergeStmt>(modification.statement)->joinCondition);
    default:
      return true;  // INSERT: no row is looked for
  }
  last = tokens_.before_returning(at + 1);
  // ONLY (users): the bracket behind the name is not the end.
  if (tokens_.is_symbol(last, ')') && tokens_.is_keyword(at - 2, "only")) {
    last = tokens_.before_returning(tokens_.after_bracket(at - 1));
  }
  if (qual == nullptr) {
    splicer_.insert(tokens_[last - 1].end,
                    " WHERE " + before + (condition.empty() ? "TRUE" : condition) + after);
    return true;
  }
  if (nodeTag(qual) == T_CurrentOfExpr) return true;  // the cursor shows no other rows
  // The statement's own WHERE is the last one at its level.
  first = -1;
  for (int i = at; i < last; ++i) {
    if (tokens_.is_symbol(i, '(') || tokens_.is_symbol(i, '[')) {
      i = tokens_.after_bracket(i) - 1;
      if (i < 0) return false;
      continue;
    }
    if (tokens_.is_keyword(i, "where") && !tokens_.is_symbol(i - 1, '.')) first = i + 1;
  }
  return first >= 0 && first < last && enclose(first, last, qual);
}

std::string TargetRewriter::cell_list(const Target& target, bool named) const {
  std::string out;
  const Relation& relation = relation_of(target);
  for (std::size_t i = 0; i < relation.columns.size(); ++i) {
    if (i > 0) out += ", ";
    out += target.replacement->cells[i];
    if (named) out += " AS " + quote_identifier(relation.columns[i].name);
  }
  return out;
}

std::string TargetRewriter::whole_row(const Target& target) const {
  const Relation& relation = relation_of(target);
  return fmt::format("CAST(ROW({}) AS {})", cell_list(target, false),
                     quote_qualified({relation.schema, relation.name}));
}

bool TargetRewriter::references() {
  using Kind = TargetReference::Kind;
  bool masks = false;
  for (const TargetReference& reference : binding_.target_references) {
    const Target* target = target_of(reference.entry);
    if (target == nullptr) continue;
    masks |= reference.kind != Kind::arbiter;
    const int first = tokens_.at(reference.reference->location);
    if (first < 0) return false;
    const int last = tokens_.after_name(first);
    const bool bare = list_length(reference.reference->fields) == 1;
    const auto column = static_cast<std::size_t>(reference.column);
    std::string text;
    bool hidden = false;
    switch (reference.kind) {
      case Kind::column:
        if (bare && target->replacement->plain[column]) continue;
        if (reference.uncertain) {
          problem_ = "a column can't be told from those of a function in FROM: write it with its table";
          return false;
        }
        text = target->replacement->cells[column];
        if (!target->replacement->plain[column]) text = "(" + text + ")";
        break;
      case Kind::system_column:
        text =
            quote_identifier(target_alias) + "." + quote_identifier(last_string(reference.reference->fields));
        if (last_string(reference.reference->fields) == "xmax" &&
            nodeTag(target->modification->statement) != T_InsertStmt) {
          text = std::string(no_locker);
          hidden = true;
        }
        if (const std::string& filter = target->replacement->filter; !filter.empty()) {
          text = "(CASE WHEN " + filter + " THEN " + text + " END)";
          hidden = true;
        }
        break;
      case Kind::arbiter:
        text = quote_identifier(last_string(reference.reference->fields));
        break;
      case Kind::whole_row:
        text = whole_row(*target);
        break;
      case Kind::attribute:
        text = "(" + whole_row(*target) + ")." + quote_identifier(last_string(reference.reference->fields));
        break;
    }
    splicer_.replace(tokens_[first].start, tokens_[last - 1].end, std::move(text));
    const bool renamed = reference.kind == Kind::whole_row || hidden ||
                         (reference.kind == Kind::column && !target->replacement->plain[column]);
    if (renamed && !names_.keep(reference.unnamed_target)) return false;
  }
  if (!masks) return true;
  for (const ShadowingReference& reference : binding_.shadowing) {
    if (tokens_.at(reference.reference->location) < 0) return false;
    splicer_.insert(reference.reference->location, quote_identifier(reference.item) + ".");
  }
  return true;
}

// RETURNING *: the target's part cell by cell.
bool TargetRewriter::stars() {
  for (const StarReference& star : binding_.stars) {
    const bool affected = std::any_of(star.items.begin(), star.items.end(),
                                      [&](const auto& item) { return target_of(item.entry) != nullptr; });
    if (!affected) continue;
    std::string list;
    for (const StarReference::Item& item : star.items) {
      if (!list.empty()) list += ", ";
      if (const Target* target = target_of(item.entry)) {
        list += cell_list(*target, !star.in_row);
      } else if (item.name.empty()) {
        problem_ = "* over joined columns can't be kept here: name the columns";
        return false;
      } else {
        list += quote_identifier(item.name) + ".*";
      }
    }
    const int first = tokens_.at(star.reference->location);
    if (first < 0) return false;
    splicer_.replace(tokens_[first].start, tokens_[tokens_.after_name(first) - 1].end, std::move(list));
  }
  return true;
}

}  // namespace pgconsent::parser
