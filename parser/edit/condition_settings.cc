#include "parser/edit/condition_settings.h"

#include <algorithm>
#include <vector>

#include "parser/edit/condition_types.h"
#include "parser/tree/walker.h"

namespace pgconsent::parser {

namespace {

constexpr std::string_view time_hint =
    "write dates as '2024-02-29', time stamps as '2024-02-29 10:30:00' (UTC), intervals as '10 years', and "
    "now() "
    "for the present";
constexpr std::string_view text_hint =
    "compare values of the same type: dates with dates, numbers with numbers; make_date() and date_part() "
    "take "
    "and give numbers";

bool is_comparison(std::string_view op) {
  static constexpr std::string_view comparisons[] = {
      "=",  "<>", "!=", "<",  "<=", ">",  ">=", "~",  "~*", "!~",  "!~*", "~~",  "!~~", "~~*", "!~~*", "@>",
      "<@", "?",  "?|", "?&", "&&", "@@", "@?", "^@", "<<", "<<=", ">>",  ">>=", "-|-", "&<",  "&>"};
  return std::find(std::begin(comparisons), std::end(comparisons), op) != std::end(comparisons);
}

class Settings {
 public:
  Settings(const ColumnTypes& columns, const Snapshot& catalog) : columns_(columns), catalog_(catalog) {}

  SettingProblem find(const Node* expression) {
    const Oid type = run(expression);
    if (type == literal_type) read_as(expression, boolean_or_time(expression));
    if (type == other_type) fail("the type of the condition can't be told", text_hint);
    return std::move(problem_);
  }

 private:
  Oid fail(std::string message, std::string_view hint) {
    if (problem_.message.empty()) problem_ = {std::move(message), std::string(hint)};
    return other_type;
  }

  static std::string_view text_of(const Node* node) {
    if (nodeTag(node) != T_A_Const || as<A_Const>(node)->isnull) return {};
    return nodeTag(&as<A_Const>(node)->val.node) == T_String ? as<A_Const>(node)->val.sval.sval : "";
  }

  // `until: "'2030-01-01'"`, `given: "'true'"`
  static Oid boolean_or_time(const Node* node) {
    static constexpr std::string_view words[] = {"t",  "true", "f",   "false", "yes",
                                                 "no", "on",   "off", "1",     "0"};
    const std::string_view text = text_of(node);
    return std::find(std::begin(words), std::end(words), text) != std::end(words) ? boolean_oid
                                                                                  : timestamp_oid;
  }

  // A string constant that becomes a value of the type; other expressions are as they are.
  void read_as(const Node* node, Oid type) {
    if (nodeTag(node) != T_A_Const || as<A_Const>(node)->isnull ||
        nodeTag(&as<A_Const>(node)->val.node) != T_String)
      return;
    const std::string text(text_of(node));
    if (type == other_type || type == timestamptz_oid || type == timetz_oid || (!is_plain_or_fixed(type))) {
      fail("what '" + text + "' means beside a value of this type may depend on the session's settings",
           text_hint);
    } else if (is_time_type(type) && !is_plain_time(text)) {
      fail("what '" + text + "' means depends on the session's settings", time_hint);
    } else if (is_array(type) && names_null(text)) {
      fail("what NULL means in '" + text + "' depends on the session's settings", text_hint);
    }
  }

  // Its input does not depend on settings, or where it does the text is looked at.
  static bool is_plain_or_fixed(Oid type) {
    return is_plain(type) || is_time_type(type) || is_number(type) || type == bytea_oid ||
           type == literal_type;
  }

  static bool names_null(std::string_view text) {
    for (std::size_t i = 0; i + 4 <= text.size(); ++i) {
      constexpr std::string_view null = "null";
      if (std::equal(null.begin(), null.end(), text.begin() + static_cast<std::ptrdiff_t>(i),
                     [](char a, char b) { return a == (b | 0x20); }))
        return true;
    }
    return false;
  }

  Oid run(const Node* node) {
    switch (nodeTag(node)) {
      case T_ColumnRef: {
        auto found = columns_.find(node);
        return found == columns_.end() ? other_type : known_type(found->second, catalog_);
      }
      case T_A_Const:
        return constant(as<A_Const>(node));
      case T_TypeCast: {
        const auto* named = as<TypeCast>(node)->typeName;
        return cast(as<TypeCast>(node)->arg, known_type(*named, catalog_), named->typmods != nullptr);
      }
      case T_A_Expr:
        return operation(as<A_Expr>(node));
      case T_BoolExpr:
        for_each(as<BoolExpr>(node)->args, [&](const Node* arg) { run(arg); });
        return boolean_oid;
      case T_NullTest:
        run(node_of(as<NullTest>(node)->arg));
        return boolean_oid;
      case T_BooleanTest:
        run(node_of(as<BooleanTest>(node)->arg));
        return boolean_oid;
      case T_CoalesceExpr: {
        std::vector<const Node*> results;
        for_each(as<CoalesceExpr>(node)->args, [&](const Node* arg) { results.push_back(arg); });
        return one_of(results);
      }
      case T_CaseExpr:
        return case_expression(as<CaseExpr>(node));
      case T_FuncCall:
        return function(as<FuncCall>(node));
      case T_SQLValueFunction:
        return timestamp_oid;
      case T_SubLink:
        return sublink(as<SubLink>(node));
      default:
        return fail("this kind of expression is not supported in a condition", "");
    }
  }

  static Oid constant(const A_Const* node) {
    if (node->isnull) return literal_type;
    switch (nodeTag(&node->val.node)) {
      case T_Integer:
        return integer_oid;
      case T_Float:
        return numeric_oid;
      case T_Boolean:
        return boolean_oid;
      default:
        return literal_type;
    }
  }

  Oid one_of(const std::vector<const Node*>& results) {
    Oid type = literal_type;
    for (const Node* result : results) type = common_type(type, run(result));
    for (const Node* result : results) read_as(result, type);
    return type;
  }

  Oid case_expression(const CaseExpr* expr) {
    std::vector<const Node*> results;
    for_each(expr->args, [&](const Node* when) {
      run(node_of(as<CaseWhen>(when)->expr));
      results.push_back(node_of(as<CaseWhen>(when)->result));
    });
    if (expr->defresult != nullptr) results.push_back(node_of(expr->defresult));
    return one_of(results);
  }

  Oid cast(const Node* arg, Oid target, bool has_typmod = false) {
    const Oid source = run(arg);
    if (source == literal_type) {
      // interval '1' year
      const std::string_view text = text_of(arg);
      const bool number = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
      if (target != interval_oid || !has_typmod || !number) read_as(arg, target);
      return target;
    }
    if (is_text(target) ? !is_plain(source) : needs_text(target) && !is_time_type(source))
      return fail("how the value is converted depends on the session's settings", text_hint);
    if (source == other_type && target != other_type)
      return fail("how the value is converted may depend on the session's settings", text_hint);
    return target;
  }

  // Becomes of a text what settings say.
  static bool needs_text(Oid target) {
    return target == other_type || is_time_type(target) || is_array(target);
  }

  Oid operation(const A_Expr* expr) {
    const std::string_view op = last_string(expr->name);
    if (expr->kind == AEXPR_IN || expr->kind == AEXPR_BETWEEN || expr->kind == AEXPR_NOT_BETWEEN) {
      const bool range = expr->kind != AEXPR_IN;
      for_each(as<List>(expr->rexpr), [&](const Node* item) { binary(expr->lexpr, range ? "<" : op, item); });
      return boolean_oid;
    }
    if (expr->lexpr == nullptr) return run(expr->rexpr);
    return binary(expr->lexpr, op, expr->rexpr);
  }

  Oid binary(const Node* left_node, std::string_view op, const Node* right_node) {
    const Oid left = run(left_node), right = run(right_node);
    if ((left == other_type && is_time_type(right)) || (right == other_type && is_time_type(left)))
      return fail("a time is compared with a value whose type can't be told", text_hint);
    if (op == "||" && (is_text(left) || is_text(right) || left == right)) {
      const auto joins = [](Oid type) { return type == literal_type || is_plain(type); };
      if (!joins(left) || !joins(right))
        return fail("how the value is written depends on the session's settings", text_hint);
      return is_text(left) || is_text(right) ? text_oid : left;
    }
    if (op == "@@" && (is_text(left) || left == literal_type))
      return fail("what a text search finds depends on the session's settings", "name the configuration");
    if (op == "->" || op == "->>" || op == "#>" ||
        op == "#>>") {  // the other side is a key, a place or a path
      return op.size() == 3 ? text_oid : left;
    }
    if (op != "||" || left != right) {
      read_as(left_node, beside(right, op));
      read_as(right_node, beside(left, op));
    }
    return is_comparison(op) ? boolean_oid : computed(left, op, right);
  }

  // What a string constant beside a value of the type becomes: a pattern is text.
  static Oid beside(Oid type, std::string_view op) {
    if (type == tsvector_oid && op == "@@") return tsquery_oid;
    if (op == "?" || op == "@?") return text_oid;
    return type;
  }

  static Oid computed(Oid left, std::string_view op, Oid right) {
    if (is_number(left) && is_number(right)) return common_type(left, right);
    if (left == date_oid && right == date_oid) return integer_oid;
    if (left == date_oid && is_number(right)) return date_oid;
    if (is_number(left) && right == date_oid) return date_oid;
    if (left == timestamp_oid && (right == timestamp_oid || right == literal_type) && op == "-")
      return interval_oid;
    if (left == timestamp_oid || right == timestamp_oid) return timestamp_oid;
    if ((left == date_oid && is_time_type(right)) || (is_time_type(left) && right == date_oid))
      return timestamp_oid;
    if (left == interval_oid && (is_number(right) || right == interval_oid || right == literal_type))
      return interval_oid;
    if (right == interval_oid && (is_number(left) || left == literal_type)) return interval_oid;
    return common_type(left, right);
  }

  Oid sublink(const SubLink* link) {
    const auto* select = as<SelectStmt>(link->subselect);
    for_each(select->fromClause, [&](const Node* item) { join(item); });
    if (select->whereClause != nullptr) run(select->whereClause);
    if (link->subLinkType == EXISTS_SUBLINK) return boolean_oid;
    return run(linitial_node(ResTarget, select->targetList)->val);
  }

  void join(const Node* item) {
    if (nodeTag(item) != T_JoinExpr) return;
    join(as<JoinExpr>(item)->larg);
    join(as<JoinExpr>(item)->rarg);
    if (as<JoinExpr>(item)->quals != nullptr) run(as<JoinExpr>(item)->quals);
  }

  // The built-in functions that the call may mean: those that match most arguments as they are.
  std::vector<const Function*> candidates(std::string_view name, const std::vector<Oid>& types) const {
    std::vector<const Function*> out;
    std::size_t best = 0;
    for (const Function* f : catalog_.functions_named(name)) {
      if (f->schema != "pg_catalog" || f->argument_types.size() != types.size()) continue;
      std::size_t exact = 0;
      bool fits = true;
      for (std::size_t i = 0; i < types.size(); ++i) {
        fits &= may_become(types[i], f->argument_types[i]);
        exact += types[i] == f->argument_types[i];
      }
      if (!fits || exact < best) continue;
      if (exact > best) out.clear();
      best = exact;
      out.push_back(f);
    }
    return out;
  }

  Oid function(const FuncCall* call) {
    const std::string name(last_string(call->funcname));
    std::vector<const Node*> args;
    for_each(call->args, [&](const Node* arg) { args.push_back(arg); });
    if (args.empty() && !call->agg_star) return timestamp_oid;  // a clock: see generate_condition()
    if (const Oid named = type_named(name); named != literal_type && args.size() == 1)
      return cast(args[0], named);
    std::vector<Oid> types;
    for (const Node* arg : args) types.push_back(run(arg));
    if (name == "count") return bigint_oid;
    if (name == "bool_or" || name == "bool_and") return boolean_oid;
    if ((name == "min" || name == "max") && types.size() == 1) return types[0];
    const auto unclear = [&] {
      return fail("what `" + name + "` gives depends on more than its arguments, or on the session",
                  text_hint);
    };
    Oid result = literal_type;
    const auto found = candidates(name, types);
    if (found.empty()) return unclear();
    for (const Function* f : found) {
      if (f->volatility != 'i') return unclear();
      for (std::size_t i = 0; i < types.size(); ++i) {
        const Oid parameter = f->argument_types[i];
        if ((parameter == timestamptz_oid || parameter == timetz_oid) && types[i] != parameter)
          return unclear();
        if (!is_polymorphic(parameter)) read_as(args[i], known_type(parameter, catalog_));
      }
      const Oid gives = result_of(*f, types);
      if (gives == timestamptz_oid || gives == timetz_oid) return unclear();
      result = common_type(result, known_type(gives, catalog_));
    }
    return result;
  }

  // anyelement is what the argument is.
  static Oid result_of(const Function& f, const std::vector<Oid>& types) {
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (f.argument_types[i] == f.result_type && is_polymorphic(f.result_type)) return types[i];
    }
    return f.result_type;
  }

  const ColumnTypes& columns_;
  const Snapshot& catalog_;
  SettingProblem problem_;
};

}  // namespace

SettingProblem find_setting(const Node* expression, const ColumnTypes& columns, const Snapshot& catalog) {
  return Settings(columns, catalog).find(expression);
}

}  // namespace pgconsent::parser
