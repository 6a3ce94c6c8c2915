// SET column = value: the check of a row stands around a value.
#include <fmt/format.h>

#include "parser/edit/columns_check.h"
#include "parser/edit/rewrite_target.h"
#include "parser/tree/walker.h"

namespace pgconsent::parser {

namespace {

// A value whose type the column decides: in a CASE it would become text.
bool is_untyped(const Node* value) {
  if (nodeTag(value) == T_ParamRef) return true;
  if (nodeTag(value) != T_A_Const) return false;
  const auto* constant = as<A_Const>(value);
  return constant->isnull || nodeTag(&constant->val.node) == T_String;
}

const MultiAssignRef* multi(const Assignment& assignment) {
  const Node* value = assignment.target->val;
  return nodeTag(value) == T_MultiAssignRef ? as<MultiAssignRef>(value) : nullptr;
}

const Node* row_element(const MultiAssignRef* reference) {
  if (nodeTag(reference->source) != T_RowExpr) return nullptr;
  const List* args = as<RowExpr>(reference->source)->args;
  return list_length(args) < reference->colno
             ? nullptr
             : static_cast<const Node*>(list_nth(args, reference->colno - 1));
}

// How well an assignment can carry a check; 0: not at all.
int fitness(const Assignment& assignment) {
  if (assignment.column < 0) return 0;
  const bool part = is_part(assignment);
  // ROW(…) in a CASE needs a cast, which cuts off what an assignment would refuse.
  if (nodeTag(assigned_value(assignment.target)) == T_RowExpr) return 0;
  if (const MultiAssignRef* reference = multi(assignment)) {
    const Node* element = row_element(reference);
    if (element == nullptr) return nodeTag(reference->source) == T_SubLink ? 1 : 0;
    return nodeTag(element) == T_SetToDefault || part ? 0 : 2;
  }
  if (nodeTag(assignment.target->val) == T_SetToDefault) return 0;
  return part ? 1 : 3;
}

// NULL of the type that the assigned column, element or field has.
std::string typed_null(const Column& column, const List* indirection) {
  std::string null = "CAST(NULL AS " + column.type_sql + ")";
  std::string steps;
  for_each(indirection, [&](const Node* step) {
    if (nodeTag(step) == T_A_Indices) {
      // A slice is of the array's own type.
      if (!as<A_Indices>(step)->is_slice) steps += "[1]";
    } else {
      steps += "." + quote_identifier(string_value(step));
    }
  });
  return steps.empty() ? null : "(" + null + ")" + steps;
}

// A value and the check around it: text before and behind.
std::pair<std::string, std::string> wrapped(const Node* value, const Column& column, const List* indirection,
                                            const std::string& check) {
  std::string before = "CASE WHEN " + check + " THEN ", after = " END";
  if (is_untyped(value)) after = " ELSE " + typed_null(column, indirection) + " END";
  return {std::move(before), std::move(after)};
}

}  // namespace

const Node* assigned_value(const ResTarget* target) {
  if (nodeTag(target->val) != T_MultiAssignRef) return target->val;
  const Node* element = row_element(as<MultiAssignRef>(target->val));
  return element == nullptr ? target->val : element;
}

bool is_part(const Assignment& assignment) {
  return assignment.column >= 0 && assignment.target->indirection != nullptr;
}

bool is_multi(const Assignment& assignment) {
  return multi(assignment) != nullptr;
}

int check_carrier(const AssignmentList& list) {
  int best = -1, best_fitness = 0;
  for (std::size_t i = 0; i < list.assignments.size(); ++i) {
    const int fit = fitness(list.assignments[i]);
    if (fit <= best_fitness) continue;
    best = static_cast<int>(i);
    best_fitness = fit;
  }
  return best;
}

// What its value is wrapped in; empty: nothing.
std::string TargetRewriter::assignment_check(const Target& target, std::size_t update) const {
  const AssignmentList& list = target.modification->updates[update];
  if (check_carrier(list) < 0) return {};
  std::string condition = target.replacement->checks[update];
  if (target.modification->names_others && (list.upsert || is_at_cursor(target.modification->statement)))
    condition += (condition.empty() ? "" : " AND ") + columns_check(relation_of(target));
  return condition;
}

// A part is put into the value that is there, and fails where that has another shape: it is checked by
// itself, whichever column is computed first.
bool TargetRewriter::check(const Target& target, std::size_t update, const std::string& condition) {
  const std::vector<Assignment>& assignments = target.modification->updates[update].assignments;
  const int carrier = check_carrier(target.modification->updates[update]);
  for (int i = 0; i < static_cast<int>(assignments.size()); ++i) {
    const bool carries = i == carrier || (is_part(assignments[i]) && !is_multi(assignments[i]));
    if (carries && !check(target, assignments[i], condition)) return false;
  }
  return true;
}

bool TargetRewriter::check(const Target& target, const Assignment& assignment, const std::string& condition) {
  const Column& column = relation_of(target).columns[assignment.column];
  if (const MultiAssignRef* reference = multi(assignment)) {
    return row_element(reference) == nullptr ? check_sublink(reference, condition)
                                             : check_row(reference, column, condition);
  }
  int first = 0, last = 0;
  if (!tokens_.assigned_value(assignment.target->location, first, last)) return false;
  const auto [before, after] =
      wrapped(assignment.target->val, column, assignment.target->indirection, condition);
  splicer_.insert(tokens_[first].start, before);
  splicer_.insert(tokens_[last - 1].end, after);
  return true;
}

// SET (a, b) = (x, y): around x or y.
bool TargetRewriter::check_row(const MultiAssignRef* reference, const Column& column,
                               const std::string& condition) {
  int first = tokens_.at(as<RowExpr>(reference->source)->location);
  if (tokens_.is_keyword(first, "row")) ++first;
  if (!tokens_.is_symbol(first, '(')) return false;
  ++first;
  int last = tokens_.after_value(first);
  for (int i = 1; i < reference->colno; ++i) {
    if (!tokens_.is_symbol(last, ',')) return false;
    first = last + 1;
    last = tokens_.after_value(first);
  }
  if (last <= first) return false;
  const auto [before, after] = wrapped(row_element(reference), column, nullptr, condition);
  splicer_.insert(tokens_[first].start, before);
  splicer_.insert(tokens_[last - 1].end, after);
  return true;
}

// SET (a, b) = (SELECT x, y …) -> (SELECT CASE WHEN check THEN q.c1 END, q.c2 FROM (SELECT) LEFT JOIN
// (SELECT x, y …) AS q (c1, c2) ON TRUE): checked also where the query gives no row.
bool TargetRewriter::check_sublink(const MultiAssignRef* reference, const std::string& condition) {
  const int first = tokens_.at(as<SubLink>(reference->source)->location);
  if (!tokens_.is_symbol(first, '(')) return false;
  const int last = tokens_.after_bracket(first);
  if (last < 0) return false;
  std::string names, list;
  for (int i = 1; i <= reference->ncolumns; ++i) {
    names += fmt::format("{}c{}", i > 1 ? ", " : "", i);
    list += i == 1 ? fmt::format("CASE WHEN {} THEN pgconsent_row.c1 END", condition)
                   : fmt::format(", pgconsent_row.c{}", i);
  }
  splicer_.insert(tokens_[first].start, "(SELECT " + list + " FROM (SELECT) AS pgconsent_one LEFT JOIN ");
  splicer_.insert(tokens_[last - 1].end, " AS pgconsent_row (" + names + ") ON TRUE)");
  return true;
}

}  // namespace pgconsent::parser
