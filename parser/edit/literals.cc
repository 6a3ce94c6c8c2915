#include "parser/edit/literals.h"

#include <algorithm>

#include "parser/tree/walker.h"

namespace pgconsent::parser {

namespace {

constexpr std::size_t max_text = 16384;
constexpr std::size_t max_literals = 512;
constexpr char hole = '\x01';

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

// Could `c` belong to the same identifier or number?
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
}

// As make_const and the scanner's process_integer_literal classify them.
LiteralKind integer_kind(std::string_view digits) {
  const std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
  digits.remove_prefix(zeros);
  const auto at_most = [&](std::string_view limit) {
    return digits.size() < limit.size() || (digits.size() == limit.size() && digits <= limit);
  };
  if (at_most("2147483647")) return LiteralKind::integer;
  return at_most("9223372036854775807") ? LiteralKind::bigint : LiteralKind::numeric;
}

class Lexer {
 public:
  Lexer(std::string_view text, LiteralShape& shape) : text_(text), shape_(shape) {}

  bool run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (is_digit(c)) {
        if (!number()) return false;
      } else if (is_word(c)) {
        while (at_ < text_.size() && is_word(text_[at_])) ++at_;
        // E'', B'', X'', N'', U&'', U&"": forms of their own.
        if (peek(0) == '\'' || peek(0) == '"' || peek(0) == '&') return false;
      } else if (c == '\'') {
        if (!string()) return false;
      } else if (c == '"') {
        if (!quoted_identifier()) return false;
      } else if (!plain(c)) {
        return false;
      } else {
        ++at_;
      }
    }
    if (shape_.literals.empty() || shape_.literals.size() > max_literals) return false;
    shape_.key.append(text_.substr(copied_));
    return true;
  }

 private:
  char peek(std::size_t ahead) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  bool plain(char c) const {
    if (c == '-') return peek(1) != '-';
    if (c == '/') return peek(1) != '*';
    return is_space(c) || std::string_view("()[],;:+*<>=%^|&~!@#?").find(c) != std::string_view::npos;
  }

  void found(std::size_t start, LiteralKind kind) {
    shape_.key.append(text_.substr(copied_, start - copied_));
    shape_.key.push_back(hole);
    shape_.key.push_back(static_cast<char>(kind));
    shape_.literals.push_back({static_cast<std::int32_t>(start), static_cast<std::int32_t>(at_), kind});
    copied_ = at_;
  }

  bool number() {
    const std::size_t start = at_;
    while (is_digit(peek(0))) ++at_;
    LiteralKind kind = integer_kind(text_.substr(start, at_ - start));
    if (peek(0) == '.' && is_digit(peek(1))) {
      for (++at_; is_digit(peek(0));) ++at_;
      kind = LiteralKind::numeric;
    }
    if (is_word(peek(0)) || peek(0) == '\'' || peek(0) == '"') return false;
    found(start, kind);
    return true;
  }

  bool string() {
    const std::size_t start = at_++;
    for (;; ++at_) {
      if (at_ == text_.size() || text_[at_] == '\\') return false;
      if (text_[at_] != '\'') continue;
      if (peek(1) != '\'') break;
      ++at_;
    }
    ++at_;
    if (is_word(peek(0)) || peek(0) == '"') return false;
    // Behind white space with a line break another quote continues the same constant.
    std::size_t next = at_;
    while (next < text_.size() && is_space(text_[next])) ++next;
    if (next < text_.size() && text_[next] == '\'') return false;
    found(start, LiteralKind::string);
    return true;
  }

  bool quoted_identifier() {
    for (++at_;; ++at_) {
      if (at_ == text_.size() || text_[at_] == '\\' || static_cast<unsigned char>(text_[at_]) < ' ')
        return false;
      if (text_[at_] != '"') continue;
      if (peek(1) != '"') break;
      ++at_;
    }
    ++at_;
    return !is_word(peek(0)) && peek(0) != '\'';
  }

  std::string_view text_;
  LiteralShape& shape_;
  std::size_t at_ = 0, copied_ = 0;
};

// Collects where constants stand as plain values.
class Values {
 public:
  std::vector<std::int32_t> locations;

  bool statement(const Node* node) {
    switch (nodeTag(node)) {
      case T_SelectStmt:
      case T_InsertStmt:
      case T_UpdateStmt:
      case T_DeleteStmt:
        return walk(node);
      default:
        return false;
    }
  }

 private:
  bool walk(const Node* node) {
    if (++depth_ > 200) return false;
    bool known = true;
    const auto below = [&](const Node* child) { known &= known && walk(child); };
    switch (nodeTag(node)) {
      case T_A_Expr:
        value(as<A_Expr>(node)->lexpr);
        value(as<A_Expr>(node)->rexpr);
        break;
      case T_ResTarget:
        value(as<ResTarget>(node)->val);
        break;
      case T_CaseWhen:
        value(as<CaseWhen>(node)->result);
        break;
      case T_CoalesceExpr:
        value(as<CoalesceExpr>(node)->args);
        break;
      case T_RowExpr:
        value(as<RowExpr>(node)->args);
        break;
      case T_A_ArrayExpr:
        value(as<A_ArrayExpr>(node)->elements);
        break;
      case T_SelectStmt: {
        const auto* select = as<SelectStmt>(node);
        for_each(select->valuesLists, [&](const Node* row) { value(row); });
        value(select->limitCount);
        value(select->limitOffset);
        if (select->groupClause == nullptr) break;
        // Grouped expressions are matched with their constants: what stands beside them is not walked, and
        // its literals are missing from the count.
        for (const Node* part :
             {node_of(select->withClause), node_of(select->fromClause), node_of(select->whereClause),
              node_of(select->larg), node_of(select->rarg)}) {
          if (part != nullptr) below(part);
        }
        --depth_;
        return known;
      }
      default:
        break;
    }
    known &= for_each_child(node, below);
    --depth_;
    return known;
  }

  template <class T>
  void value(const T* any) {
    if (any == nullptr) return;
    const Node* node = node_of(any);
    if (nodeTag(node) == T_List) {
      for_each(as<List>(node), [&](const Node* element) {
        if (element != nullptr && nodeTag(element) != T_List) value(element);
      });
    } else if (nodeTag(node) == T_TypeCast && !names_object(as<TypeCast>(node)->typeName)) {
      value(as<TypeCast>(node)->arg);
    } else if (nodeTag(node) == T_A_Const && !as<A_Const>(node)->isnull) {
      const auto* constant = as<A_Const>(node);
      const bool counted = nodeTag(&constant->val.node) != T_Boolean;
      if (counted && constant->location >= 0) locations.push_back(constant->location);
    }
  }

  // regclass and its kind: their constants are names.
  static bool names_object(const TypeName* type) { return last_string(type->names).substr(0, 3) == "reg"; }

  int depth_ = 0;
};

}  // namespace

bool literal_shape(std::string_view text, LiteralShape& shape) {
  shape.key.clear();
  shape.literals.clear();
  return text.size() <= max_text && Lexer(text, shape).run();
}

bool literals_are_values(const RawTree& tree, std::string_view text, const std::vector<Literal>& literals) {
  if (list_length(tree.statements()) != 1) return false;
  Values values;
  if (!values.statement(list_nth_node(RawStmt, tree.statements(), 0)->stmt)) return false;
  std::sort(values.locations.begin(), values.locations.end());
  return std::equal(values.locations.begin(), values.locations.end(), literals.begin(), literals.end(),
                    [&](std::int32_t location, const Literal& literal) {
                      // A negative number's location is that of its sign.
                      return location == literal.start ||
                             (location == literal.start - 1 && text[location] == '-');
                    });
}

namespace {

// Counts the literals among conditions `column = literal` joined by AND.
std::size_t count_keys(const Node* condition, const std::vector<Literal>& literals) {
  const auto is_literal = [&](const Node* node) {
    return nodeTag(node) == T_A_Const &&
           std::any_of(literals.begin(), literals.end(),
                       [&](const Literal& each) { return each.start == as<A_Const>(node)->location; });
  };
  if (condition == nullptr) return 0;
  if (is_literal(condition)) return 1;  // a LIMIT
  if (nodeTag(condition) == T_BoolExpr && as<BoolExpr>(condition)->boolop == AND_EXPR) {
    std::size_t count = 0;
    for_each(as<BoolExpr>(condition)->args, [&](const Node* part) { count += count_keys(part, literals); });
    return count;
  }
  if (nodeTag(condition) != T_A_Expr) return 0;
  const auto* comparison = as<A_Expr>(condition);
  if (comparison->kind != AEXPR_OP || last_string(comparison->name) != "=") return 0;
  const Node *left = comparison->lexpr, *right = comparison->rexpr;
  if (left == nullptr || right == nullptr) return 0;
  return (nodeTag(left) == T_ColumnRef && is_literal(right)) ||
         (nodeTag(right) == T_ColumnRef && is_literal(left));
}

}  // namespace

bool literals_are_keys(const RawTree& tree, const std::vector<Literal>& literals) {
  const Node* node = list_nth_node(RawStmt, tree.statements(), 0)->stmt;
  if (nodeTag(node) != T_SelectStmt) return false;
  const auto* select = as<SelectStmt>(node);
  if (list_length(select->fromClause) != 1 ||
      nodeTag(static_cast<const Node*>(linitial(select->fromClause))) != T_RangeVar)
    return false;
  if (select->groupClause != nullptr || select->distinctClause != nullptr || select->withClause != nullptr ||
      select->intoClause != nullptr || select->lockingClause != nullptr)
    return false;
  if (std::any_of(literals.begin(), literals.end(), [](const Literal& literal) {
        return literal.kind != LiteralKind::integer && literal.kind != LiteralKind::bigint;
      }))
    return false;
  return count_keys(select->whereClause, literals) + count_keys(select->limitCount, literals) ==
         literals.size();
}

}  // namespace pgconsent::parser
