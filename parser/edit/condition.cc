#include "parser/edit/condition.h"

#include <algorithm>

#include "parser/tree/raw_tree.h"
#include "parser/tree/walker.h"

namespace pgconsent::parser {

namespace {

class Generator {
 public:
  Generator(const Relation& relation, std::string_view alias, const Snapshot& catalog)
      : relation_(relation), alias_(alias), catalog_(catalog) {}

  std::string run(const Node* node) {
    if (++depth_ > 200) return fail("the condition is nested too deeply");
    std::string sql = expression(node);
    --depth_;
    return sql;
  }
  const std::string& error() const { return error_; }

 private:
  std::string fail(std::string why) {
    if (error_.empty()) error_ = std::move(why);
    return {};
  }

  std::string list(const List* nodes, std::string_view separator) {
    std::string out;
    for_each(nodes, [&](const Node* node) {
      if (!out.empty()) out += separator;
      out += run(node);
    });
    return out;
  }

  std::string binary(const Node* left, std::string_view op, const Node* right) {
    std::string prefix = left == nullptr ? "" : run(left) + " ";
    return "(" + prefix + "OPERATOR(pg_catalog." + std::string(op) + ") " + run(right) + ")";
  }

  std::string expression(const Node* node) {
    switch (nodeTag(node)) {
      case T_ColumnRef:
        return column(as<ColumnRef>(node));
      case T_A_Const:
        return constant(as<A_Const>(node));
      case T_TypeCast:
        return "CAST(" + run(as<TypeCast>(node)->arg) + " AS " + type(as<TypeCast>(node)->typeName) + ")";
      case T_A_Expr:
        return operation(as<A_Expr>(node));
      case T_BoolExpr: {
        const auto* expr = as<BoolExpr>(node);
        if (expr->boolop == NOT_EXPR) return "(NOT " + list(expr->args, "") + ")";
        return "(" + list(expr->args, expr->boolop == AND_EXPR ? " AND " : " OR ") + ")";
      }
      case T_NullTest: {
        const auto* test = as<NullTest>(node);
        return "(" + run(node_of(test->arg)) +
               (test->nulltesttype == IS_NULL ? " IS NULL)" : " IS NOT NULL)");
      }
      case T_BooleanTest: {
        static constexpr std::string_view tests[] = {"TRUE",      "NOT TRUE", "FALSE",
                                                     "NOT FALSE", "UNKNOWN",  "NOT UNKNOWN"};
        const auto* test = as<BooleanTest>(node);
        return "(" + run(node_of(test->arg)) + " IS " + std::string(tests[test->booltesttype]) + ")";
      }
      case T_CoalesceExpr:
        return "COALESCE(" + list(as<CoalesceExpr>(node)->args, ", ") + ")";
      case T_CaseExpr:
        return case_expression(as<CaseExpr>(node));
      case T_FuncCall:
        return function(as<FuncCall>(node));
      case T_SQLValueFunction:
        if (as<SQLValueFunction>(node)->op == SVFOP_CURRENT_TIMESTAMP) return "CURRENT_TIMESTAMP";
        return fail("only CURRENT_TIMESTAMP does not depend on a setting of the session");
      case T_SubLink:
        return fail("subqueries are not supported in a condition yet");
      default:
        return fail("this kind of expression is not supported in a condition");
    }
  }

  std::string column(const ColumnRef* reference) {
    const std::string_view name = last_string(reference->fields);
    if (reference->fields->length != 1 || name.empty()) return fail("columns are named without a table here");
    if (relation_.column(name) == nullptr) {
      return fail("column `" + std::string(name) + "` does not exist in " + relation_.schema + "." +
                  relation_.name);
    }
    return std::string(alias_) + "." + quote_identifier(name);
  }

  std::string constant(const A_Const* node) {
    if (node->isnull) return "NULL";
    switch (nodeTag(&node->val.node)) {
      case T_Integer:
        return std::to_string(node->val.ival.ival);
      case T_Float:
        return node->val.fval.fval;
      case T_Boolean:
        return node->val.boolval.boolval ? "TRUE" : "FALSE";
      case T_String:
        return quote_literal(node->val.sval.sval);
      default:
        return fail("this kind of constant is not supported in a condition");
    }
  }

  std::string type(const TypeName* name) {
    if (name->setof || name->pct_type) return fail("this kind of type is not supported in a condition");
    QualifiedName qualified{"pg_catalog", std::string(last_string(name->names))};
    if (name->names->length > 1) {
      qualified.schema =
          string_value(static_cast<const Node*>(list_nth(name->names, name->names->length - 2)));
    } else {
      for (const auto& [oid, known] : catalog_.types) {
        if (known.name == qualified.name) qualified.schema = known.schema;
      }
    }
    std::string out = quote_qualified(qualified);
    if (name->typmods != nullptr) out += "(" + list(name->typmods, ", ") + ")";
    for_each(name->arrayBounds, [&](const Node*) { out += "[]"; });
    return out;
  }

  std::string operation(const A_Expr* expr) {
    const std::string_view op = last_string(expr->name);
    const bool own = expr->name->length == 1 ||
                     string_value(static_cast<const Node*>(linitial(expr->name))) == "pg_catalog";
    if (!own) return fail("only built-in operators are supported in a condition");
    switch (expr->kind) {
      case AEXPR_OP:
      case AEXPR_LIKE:
      case AEXPR_ILIKE:
        return binary(expr->lexpr, op, expr->rexpr);
      case AEXPR_IN: {
        std::string out;
        const std::string_view between = op == "=" ? " OR " : " AND ";
        for_each(as<List>(expr->rexpr), [&](const Node* item) {
          if (!out.empty()) out += between;
          out += binary(expr->lexpr, op, item);
        });
        return "(" + out + ")";
      }
      case AEXPR_BETWEEN:
      case AEXPR_NOT_BETWEEN: {
        const List* bounds = as<List>(expr->rexpr);
        std::string out = "(" + binary(expr->lexpr, ">=", static_cast<const Node*>(linitial(bounds))) +
                          " AND " + binary(expr->lexpr, "<=", static_cast<const Node*>(lsecond(bounds))) +
                          ")";
        return expr->kind == AEXPR_BETWEEN ? out : "(NOT " + out + ")";
      }
      default:
        return fail("this operator is not supported in a condition");
    }
  }

  std::string case_expression(const CaseExpr* expr) {
    if (expr->arg != nullptr) return fail("CASE x WHEN is not supported in a condition: use CASE WHEN x = …");
    std::string out = "CASE";
    for_each(expr->args, [&](const Node* node) {
      out += " WHEN " + run(node_of(as<CaseWhen>(node)->expr)) + " THEN " +
             run(node_of(as<CaseWhen>(node)->result));
    });
    if (expr->defresult != nullptr) out += " ELSE " + run(node_of(expr->defresult));
    return out + " END";
  }

  std::string function(const FuncCall* call) {
    if (call->agg_order != nullptr || call->agg_filter != nullptr || call->over != nullptr ||
        call->agg_star || call->agg_distinct || call->func_variadic) {
      return fail("aggregates are not supported in a condition");
    }
    const std::string name(last_string(call->funcname));
    const auto& candidates = catalog_.functions_named(name);
    const bool built_in = std::any_of(candidates.begin(), candidates.end(), [](const Function* f) {
      return f->schema == "pg_catalog" && f->kind == 'f';
    });
    if (!built_in) return fail("`" + name + "` is not a built-in function");
    return "pg_catalog." + quote_identifier(name) + "(" + list(call->args, ", ") + ")";
  }

  const Relation& relation_;
  std::string_view alias_;
  const Snapshot& catalog_;
  std::string error_;
  int depth_ = 0;
};

}  // namespace

GeneratedCondition generate_condition(std::string_view text, const Relation& relation, std::string_view alias,
                                      const Snapshot& catalog) {
  GeneratedCondition result;
  RawTree tree;
  SqlError error;
  if (text.find('\0') != std::string_view::npos) return {{}, "the condition holds a NUL byte"};
  // A newline behind it: a comment at the end must not swallow the parenthesis.
  if (!RawTree::parse("SELECT (" + std::string(text) + "\n)", tree, error)) return {{}, error.message};
  const auto* only =
      list_length(tree.statements()) == 1 ? linitial_node(RawStmt, tree.statements()) : nullptr;
  const auto* select =
      only != nullptr && nodeTag(only->stmt) == T_SelectStmt ? as<SelectStmt>(only->stmt) : nullptr;
  if (select == nullptr || select->op != SETOP_NONE || list_length(select->targetList) != 1 ||
      select->fromClause != nullptr || select->whereClause != nullptr || select->groupClause != nullptr ||
      select->sortClause != nullptr || select->limitCount != nullptr || select->intoClause != nullptr) {
    return {{}, "this is not a single condition"};
  }
  Generator generator(relation, alias, catalog);
  result.sql = generator.run(linitial_node(ResTarget, select->targetList)->val);
  result.error = generator.error();
  if (!result.error.empty()) result.sql.clear();
  return result;
}

}  // namespace pgconsent::parser
