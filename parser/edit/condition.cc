#include "parser/edit/condition.h"

#include <algorithm>
#include <set>

#include "parser/edit/condition_settings.h"
#include "parser/names/built_in_types.h"
#include "parser/names/type_oids.h"
#include "parser/tree/raw_tree.h"
#include "parser/tree/walker.h"

namespace pgconsent::parser {

namespace {

class Generator {
 public:
  Generator(const std::vector<ConditionRow>& rows, const Snapshot& catalog, GeneratedCondition& out)
      : rows_(rows), catalog_(catalog), out_(out) {}

  const ColumnTypes& types() const { return types_; }

  std::string run(const Node* node) {
    if (++depth_ > 200) return fail("the condition is nested too deeply");
    std::string sql = expression(node);
    --depth_;
    return sql;
  }

 private:
  using Scope = std::vector<ConditionRow>;  // of one subquery

  std::string fail(std::string why) {
    if (out_.error.empty()) out_.error = std::move(why);
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
        if (as<SQLValueFunction>(node)->op == SVFOP_CURRENT_TIMESTAMP) return std::string(now_in_utc);
        return fail("only CURRENT_TIMESTAMP does not depend on a setting of the session");
      case T_SubLink:
        return sublink(as<SubLink>(node));
      default:
        return fail("this kind of expression is not supported in a condition");
    }
  }

  // name.column, or a column alone: of the only table of the subquery that has it, outside of the row.
  std::string column(const ColumnRef* reference) {
    const std::string_view name = last_string(reference->fields);
    if (reference->fields->length > 2 || name.empty())
      return fail("a column is named as `column` or `name.column` here");
    at_ = parser::node_of(reference);
    if (reference->fields->length == 1) return bare_column(name);
    const std::string_view owner = string_value(static_cast<const Node*>(linitial(reference->fields)));
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      for (const ConditionRow& row : *scope) {
        if (row.name == owner) return column_of(row, name);
      }
    }
    for (const ConditionRow& row : rows_) {
      if (!owner.empty() && row.name == owner) return column_of(row, name);
    }
    return fail("`" + std::string(owner) + "." + std::string(name) + "` names no row that is known here");
  }

  std::string bare_column(std::string_view name) {
    if (scopes_.empty()) {
      for (const ConditionRow& row : rows_) {
        if (row.name.empty()) return column_of(row, name);
      }
      return fail("column `" + std::string(name) + "` must say whose it is");
    }
    const ConditionRow* found = nullptr;
    for (const ConditionRow& row : scopes_.back()) {
      if (row.relation->column(name) == nullptr) continue;
      if (found != nullptr) return fail("column `" + std::string(name) + "` is ambiguous");
      found = &row;
    }
    if (found == nullptr)
      return fail("column `" + std::string(name) + "` does not exist in the subquery's tables");
    return column_of(*found, name);
  }

  std::string column_of(const ConditionRow& row, std::string_view name) {
    const Column* column = row.relation->column(name);
    if (column == nullptr) {
      return fail("column `" + std::string(name) + "` does not exist in " + row.relation->schema + "." +
                  row.relation->name);
    }
    out_.used.insert(row.name);
    out_.columns.emplace(row.relation->oid, column->attnum);
    types_[at_] = column->type == timestamptz_oid ? timestamp_oid : column->type;
    std::string sql = row.alias + "." + quote_identifier(name);
    return column->type == timestamptz_oid ? "pg_catalog.timezone('UTC', " + sql + ")" : sql;
  }

  // EXISTS (SELECT … FROM … WHERE …), (SELECT max(…) FROM … WHERE …)
  std::string sublink(const SubLink* link) {
    const bool exists = link->subLinkType == EXISTS_SUBLINK;
    if (!exists && link->subLinkType != EXPR_SUBLINK)
      return fail("of subqueries only EXISTS and single values are supported in a condition");
    if (nodeTag(link->subselect) != T_SelectStmt) return fail("this kind of subquery is not supported");
    const auto* select = as<SelectStmt>(link->subselect);
    if (select->op != SETOP_NONE || select->withClause != nullptr || select->groupClause != nullptr ||
        select->havingClause != nullptr || select->sortClause != nullptr || select->limitCount != nullptr ||
        select->limitOffset != nullptr || select->lockingClause != nullptr ||
        select->windowClause != nullptr || select->distinctClause != nullptr ||
        select->valuesLists != nullptr || select->intoClause != nullptr || select->fromClause == nullptr)
      return fail("a subquery in a condition is SELECT … FROM … WHERE …");
    if (!exists && list_length(select->targetList) != 1) return fail("a subquery must have one column");
    scopes_.emplace_back();
    std::string from;
    for_each(select->fromClause,
             [&](const Node* item) { from += (from.empty() ? "" : ", ") + source(item); });
    // What EXISTS selects does not matter.
    std::string sql = "SELECT ";
    if (!exists) {
      aggregates_ = true;
      sql += run(linitial_node(ResTarget, select->targetList)->val) + " ";
      aggregates_ = false;
    }
    sql += "FROM " + from;
    if (select->whereClause != nullptr) sql += " WHERE " + run(select->whereClause);
    scopes_.pop_back();
    return (exists ? "EXISTS (" : "(") + sql + ")";
  }

  std::string source(const Node* item) {
    if (nodeTag(item) == T_JoinExpr) {
      const auto* join = as<JoinExpr>(item);
      if (join->isNatural || join->usingClause != nullptr || join->alias != nullptr ||
          join->quals == nullptr || (join->jointype != JOIN_INNER && join->jointype != JOIN_LEFT))
        return fail("of joins only [LEFT] JOIN … ON … is supported in a condition");
      const std::string left = source(join->larg), right = source(join->rarg);
      return "(" + left + (join->jointype == JOIN_LEFT ? " LEFT JOIN " : " JOIN ") + right + " ON " +
             run(join->quals) + ")";
    }
    if (nodeTag(item) != T_RangeVar) return fail("a subquery in a condition reads tables only");
    const auto* range = as<RangeVar>(item);
    if (range->schemaname == nullptr)
      return fail("table `" + std::string(range->relname) + "` must be named with its schema");
    const Relation* relation = catalog_.relation(range->schemaname, range->relname);
    if (relation == nullptr || !holds_rows(relation->kind))
      return fail("table `" + std::string(range->schemaname) + "." + range->relname + "` does not exist");
    if (!range->inh || (range->alias != nullptr && range->alias->colnames != nullptr))
      return fail("a table in a condition is named as it is, or with an alias");
    out_.relations.insert(relation->oid);
    // Names of its own: they must not hide the rows outside.
    ConditionRow row{range->alias != nullptr ? range->alias->aliasname : range->relname, relation,
                     "w" + std::to_string(tables_++)};
    for (const ConditionRow& other : rows_) {
      if (other.name == row.name) return fail("the name `" + row.name + "` is taken in a condition");
    }
    const std::string sql = quote_qualified({relation->schema, relation->name}) + " " + row.alias;
    scopes_.back().push_back(std::move(row));
    return sql;
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

  // PostgreSQL's own, whatever others there are; else that of `public`, or the only one. Empty: several.
  std::string_view schema_of_type(std::string_view name) const {
    if (is_built_in_type(name)) return "pg_catalog";
    std::set<std::string_view> schemas;
    for (const auto& [oid, known] : catalog_.types) {
      if (known.name == name) schemas.insert(known.schema);
    }
    if (schemas.empty()) return "pg_catalog";
    if (schemas.contains("public")) return "public";
    return schemas.size() == 1 ? *schemas.begin() : std::string_view();
  }

  std::string type(const TypeName* name) {
    if (name->setof || name->pct_type) return fail("this kind of type is not supported in a condition");
    QualifiedName qualified{"pg_catalog", std::string(last_string(name->names))};
    if (name->names->length > 1) {
      qualified.schema = schema_string(name->names);
    } else {
      const std::string_view schema = schema_of_type(qualified.name);
      if (schema.empty())
        return fail("there are several types `" + qualified.name + "`: name the schema of one");
      qualified.schema = schema;
    }
    if (qualified.schema == "pg_catalog" && (qualified.name == "timestamptz" || qualified.name == "timetz"))
      return fail("time stamps are taken in UTC here: cast to timestamp");
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
    const bool plain = call->agg_order == nullptr && call->agg_filter == nullptr && call->over == nullptr &&
                       !call->agg_distinct && !call->func_variadic;
    const std::string name(last_string(call->funcname));
    const bool own = call->funcname->length == 1 ||
                     string_value(static_cast<const Node*>(linitial(call->funcname))) == "pg_catalog";
    if (!plain || !own) return fail("this form of a function call is not supported in a condition");
    static constexpr std::string_view clocks[] = {"now", "statement_timestamp", "transaction_timestamp",
                                                  "clock_timestamp"};
    if (call->args == nullptr && std::find(std::begin(clocks), std::end(clocks), name) != std::end(clocks))
      return std::string(now_in_utc);
    static constexpr std::string_view of_rows[] = {"min", "max", "count", "bool_or", "bool_and"};
    const bool aggregate = std::find(std::begin(of_rows), std::end(of_rows), name) != std::end(of_rows);
    if (aggregate && aggregates_) {
      aggregates_ = false;
      return "pg_catalog." + name + "(" + (call->agg_star ? "*" : list(call->args, ", ")) + ")";
    }
    if (aggregate || call->agg_star) return fail("an aggregate is the one column of a subquery here");
    // They give time stamps with a zone, whose meaning a session can change.
    static constexpr std::string_view zoned[] = {"timezone", "to_timestamp", "make_timestamptz"};
    const auto& candidates = catalog_.functions_named(name);
    const bool built_in = std::any_of(candidates.begin(), candidates.end(), [](const Function* f) {
      return f->schema == "pg_catalog" && f->kind == 'f';
    });
    if (!built_in) return fail("`" + name + "` is not a built-in function");
    const bool fixed = std::any_of(candidates.begin(), candidates.end(), [&](const Function* f) {
      return f->schema == "pg_catalog" && f->kind == 'f' && f->volatility == 'i' &&
             static_cast<int>(f->argument_types.size()) == list_length(call->args);
    });
    if (!fixed || std::find(std::begin(zoned), std::end(zoned), name) != std::end(zoned))
      return fail("what `" + name + "` gives depends on more than its arguments, or on the session");
    return "pg_catalog." + quote_identifier(name) + "(" + list(call->args, ", ") + ")";
  }

  static constexpr std::string_view now_in_utc =
      "pg_catalog.timezone('UTC', pg_catalog.statement_timestamp())";

  const std::vector<ConditionRow>& rows_;
  const Snapshot& catalog_;
  GeneratedCondition& out_;
  std::vector<Scope> scopes_;
  int tables_ = 0;
  bool aggregates_ = false;  // in the target list of a subquery
  int depth_ = 0;
  const Node* at_ = nullptr;  // the column that is looked for
  ColumnTypes types_;
};

}  // namespace

GeneratedCondition generate_condition(std::string_view text, const std::vector<ConditionRow>& rows,
                                      const Snapshot& catalog) {
  GeneratedCondition result;
  RawTree tree;
  SqlError error;
  if (text.find('\0') != std::string_view::npos) return {.error = "the condition holds a NUL byte"};
  // A newline behind it: a comment at the end must not swallow the parenthesis.
  if (!RawTree::parse("SELECT (" + std::string(text) + "\n)", tree, error)) return {.error = error.message};
  const auto* only =
      list_length(tree.statements()) == 1 ? linitial_node(RawStmt, tree.statements()) : nullptr;
  const auto* select =
      only != nullptr && nodeTag(only->stmt) == T_SelectStmt ? as<SelectStmt>(only->stmt) : nullptr;
  if (select == nullptr || select->op != SETOP_NONE || list_length(select->targetList) != 1 ||
      select->fromClause != nullptr || select->whereClause != nullptr || select->groupClause != nullptr ||
      select->sortClause != nullptr || select->limitCount != nullptr || select->intoClause != nullptr) {
    return {.error = "this is not a single condition"};
  }
  Generator generator(rows, catalog, result);
  const Node* condition = linitial_node(ResTarget, select->targetList)->val;
  result.sql = generator.run(condition);
  if (result.error.empty()) {
    SettingProblem problem = find_setting(condition, generator.types(), catalog);
    result.error = std::move(problem.message);
    result.hint = std::move(problem.hint);
  }
  if (!result.error.empty()) result.sql.clear();
  return result;
}

}  // namespace pgconsent::parser
