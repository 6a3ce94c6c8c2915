#include "parser/edit/token_index.h"

#include <algorithm>
#include <array>

#include "parser/tree/walker.h"

namespace pgconsent::parser {

int TokenIndex::at(int location) const {
  auto it = std::lower_bound(tokens_.begin(), tokens_.end(), location,
                             [](const Token& token, int wanted) { return token.start < wanted; });
  return it != tokens_.end() && it->start == location ? static_cast<int>(it - tokens_.begin()) : -1;
}

bool TokenIndex::is_keyword(int index, std::string_view keyword) const {
  return index >= 0 && index < size() && tokens_[index].kind == TokenKind::keyword &&
         tokens_[index].text == keyword;
}

bool TokenIndex::is_symbol(int index, char symbol) const {
  return index >= 0 && index < size() && tokens_[index].symbol == symbol;
}

int TokenIndex::after_bracket(int index) const {
  int depth = 0;
  for (int i = index; i < size(); ++i) {
    if (is_symbol(i, '(') || is_symbol(i, '[')) ++depth;
    if ((is_symbol(i, ')') || is_symbol(i, ']')) && --depth == 0) return i + 1;
  }
  return -1;
}

int TokenIndex::after_name(int index) const {
  auto part = [&](int i) {
    if (i >= size()) return i;
    const TokenKind kind = tokens_[i].kind;
    if (kind == TokenKind::unicode_identifier && is_keyword(i + 1, "uescape")) return i + 3;
    const bool name = kind == TokenKind::identifier || kind == TokenKind::unicode_identifier ||
                      kind == TokenKind::keyword || is_symbol(i, '*');
    return name ? i + 1 : i;
  };
  int end = part(index);
  while (end > index && is_symbol(end, '.')) end = part(end + 1);
  return end;
}

bool TokenIndex::relation_expression(int location, int& first, int& last) const {
  first = at(location);
  if (first < 0) return false;
  last = after_name(first);
  if (last == first) return false;
  if (is_keyword(first - 1, "only")) {
    --first;
  } else if (is_symbol(first - 1, '(') && is_keyword(first - 2, "only")) {
    if (!is_symbol(last, ')')) return false;
    first -= 2;
    ++last;
  } else if (is_symbol(last, '*')) {
    ++last;
  }
  return true;
}

bool TokenIndex::table_sample(int location, int& first, int& last) const {
  const int method = at(location);
  if (method < 1) return false;
  first = is_keyword(method - 1, "tablesample") ? method - 1 : method;
  if (!is_keyword(first, "tablesample")) return false;
  last = after_name(first + 1);
  if (!is_symbol(last, '(')) return false;
  last = after_bracket(last);
  if (last > 0 && is_keyword(last, "repeatable")) last = after_bracket(last + 1);
  return last > 0;
}

int TokenIndex::after_target(int index) const {
  static constexpr std::array clause_keywords = {"from",      "into",   "where",  "having", "union",
                                                 "intersect", "except", "order",  "limit",  "fetch",
                                                 "for",       "group",  "window", "offset", "returning"};
  for (int i = index; i < size(); ++i) {
    if (is_symbol(i, '(') || is_symbol(i, '[')) {
      i = after_bracket(i) - 1;
      if (i < 0) return size();
      continue;
    }
    if (is_symbol(i, ',') || is_symbol(i, ')') || is_symbol(i, ';')) return i;
    if (tokens_[i].kind != TokenKind::keyword) continue;
    const bool clause =
        std::find(clause_keywords.begin(), clause_keywords.end(), tokens_[i].text) != clause_keywords.end();
    const bool part_of_expression = (tokens_[i].text == "from" && is_keyword(i - 1, "distinct")) ||
                                    (tokens_[i].text == "group" && is_keyword(i - 1, "within"));
    if (clause && !part_of_expression && i > index) return i;
  }
  return size();
}

int TokenIndex::after_value(int index) const {
  int cases = 0;
  for (int i = index; i < size(); ++i) {
    if (is_symbol(i, '(') || is_symbol(i, '[')) {
      i = after_bracket(i) - 1;
      if (i < 0) return size();
      continue;
    }
    if (is_symbol(i, ',') || is_symbol(i, ')') || is_symbol(i, ']') || is_symbol(i, ';')) return i;
    if (tokens_[i].kind != TokenKind::keyword || is_symbol(i - 1, '.')) continue;
    if (is_keyword(i, "case")) ++cases;
    if (is_keyword(i, "end")) --cases;
    if (cases > 0) continue;
    if (is_keyword(i, "from") && is_keyword(i - 1, "distinct")) continue;
    if (is_keyword(i, "from") || is_keyword(i, "where") || is_keyword(i, "returning") ||
        is_keyword(i, "when")) {
      return i;
    }
  }
  return size();
}

bool TokenIndex::assigned_value(int location, int& first, int& last) const {
  first = at(location);
  if (first < 0) return false;
  first = after_name(first);
  while (is_symbol(first, '[') || is_symbol(first, '.')) {
    first = is_symbol(first, '[') ? after_bracket(first) : after_name(first + 1);
    if (first < 0) return false;
  }
  if (!is_symbol(first, '=')) return false;
  last = after_value(++first);
  return last > first;
}

int TokenIndex::before_returning(int index) const {
  for (int i = index; i < size(); ++i) {
    if (is_symbol(i, '(') || is_symbol(i, '[')) {
      i = after_bracket(i) - 1;
      if (i < 0) return size();
      continue;
    }
    if (is_symbol(i, ')') || is_symbol(i, ';')) return i;
    if (is_keyword(i, "returning") && !is_symbol(i - 1, '.')) return i;
  }
  return size();
}

// The source may hold joins, each with an ON of its own: the last one before the first WHEN is MERGE's.
bool TokenIndex::merge_condition(int index, int& first, int& last) const {
  int cases = 0;
  first = -1;
  for (last = index; last < size(); ++last) {
    if (is_symbol(last, '(') || is_symbol(last, '[')) {
      last = after_bracket(last) - 1;
      if (last < 0) return false;
      continue;
    }
    if (is_symbol(last - 1, '.')) continue;
    if (is_keyword(last, "case")) ++cases;
    if (is_keyword(last, "end")) --cases;
    if (cases > 0) continue;
    if (is_keyword(last, "on")) first = last + 1;
    if (is_keyword(last, "when")) return first >= 0 && last > first;
  }
  return false;
}

int TokenIndex::group_by_items(int location) const {
  int i = at(location);
  while (i > 0 && !(is_keyword(i, "by") && is_keyword(i - 1, "group"))) --i;
  if (i <= 0) return -1;
  ++i;
  if (is_keyword(i, "all") || is_keyword(i, "distinct")) ++i;
  return i;
}

namespace {

int own_location(const Node* node) {
  switch (nodeTag(node)) {
    case T_ColumnRef:
      return as<ColumnRef>(node)->location;
    case T_A_Const:
      return as<A_Const>(node)->location;
    case T_ParamRef:
      return as<ParamRef>(node)->location;
    case T_FuncCall:
      return as<FuncCall>(node)->location;
    case T_A_Expr:
      return as<A_Expr>(node)->location;
    case T_TypeCast:
      return as<TypeCast>(node)->location;
    case T_CaseExpr:
      return as<CaseExpr>(node)->location;
    case T_CoalesceExpr:
      return as<CoalesceExpr>(node)->location;
    case T_SubLink:
      return as<SubLink>(node)->location;
    case T_RowExpr:
      return as<RowExpr>(node)->location;
    case T_SQLValueFunction:
      return as<SQLValueFunction>(node)->location;
    case T_BoolExpr:
      return as<BoolExpr>(node)->location;
    case T_A_ArrayExpr:
      return as<A_ArrayExpr>(node)->location;
    case T_GroupingSet:
      return as<GroupingSet>(node)->location;
    case T_MinMaxExpr:
      return as<MinMaxExpr>(node)->location;
    default:
      return -1;
  }
}

}  // namespace

int leftmost_location(const Node* node) {
  int best = own_location(node);
  for_each_child(node, [&](const Node* child) {
    const int location = leftmost_location(child);
    if (location >= 0 && (best < 0 || location < best)) best = location;
  });
  return best;
}

}  // namespace pgconsent::parser
