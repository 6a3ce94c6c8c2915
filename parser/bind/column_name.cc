#include "parser/bind/column_name.h"

#include "parser/tree/walker.h"

namespace pgconsent::parser {

namespace {

// How sure a name is: a weak one (a type, "case") gives way to a name from further inside.
struct Guess {
  std::string_view name;
  int strength = 0;
};

std::string_view sql_value_function_name(SQLValueFunctionOp op) {
  switch (op) {
    case SVFOP_CURRENT_DATE:
      return "current_date";
    case SVFOP_CURRENT_TIME:
    case SVFOP_CURRENT_TIME_N:
      return "current_time";
    case SVFOP_CURRENT_TIMESTAMP:
    case SVFOP_CURRENT_TIMESTAMP_N:
      return "current_timestamp";
    case SVFOP_LOCALTIME:
    case SVFOP_LOCALTIME_N:
      return "localtime";
    case SVFOP_LOCALTIMESTAMP:
    case SVFOP_LOCALTIMESTAMP_N:
      return "localtimestamp";
    case SVFOP_CURRENT_ROLE:
      return "current_role";
    case SVFOP_CURRENT_USER:
      return "current_user";
    case SVFOP_USER:
      return "user";
    case SVFOP_SESSION_USER:
      return "session_user";
    case SVFOP_CURRENT_CATALOG:
      return "current_catalog";
    case SVFOP_CURRENT_SCHEMA:
      return "current_schema";
  }
  return {};
}

std::string_view xml_name(XmlExprOp op) {
  switch (op) {
    case IS_XMLCONCAT:
      return "xmlconcat";
    case IS_XMLELEMENT:
      return "xmlelement";
    case IS_XMLFOREST:
      return "xmlforest";
    case IS_XMLPARSE:
      return "xmlparse";
    case IS_XMLPI:
      return "xmlpi";
    case IS_XMLROOT:
      return "xmlroot";
    case IS_XMLSERIALIZE:
      return "xmlserialize";
    case IS_DOCUMENT:
      return {};
  }
  return {};
}

Guess guess(const Node* node);

Guess sublink_name(const SubLink* link) {
  if (link->subLinkType == EXISTS_SUBLINK) return {"exists", 2};
  if (link->subLinkType == ARRAY_SUBLINK) return {"array", 2};
  if (link->subLinkType != EXPR_SUBLINK || nodeTag(link->subselect) != T_SelectStmt) return {};
  const auto* select = as<SelectStmt>(link->subselect);
  while (select->larg != nullptr) select = select->larg;
  if (list_length(select->targetList) != 1) return {};
  return {column_name(linitial_node(ResTarget, select->targetList)), 2};
}

Guess guess(const Node* node) {
  if (node == nullptr) return {};
  switch (nodeTag(node)) {
    case T_ColumnRef: {
      std::string_view name;
      for_each(as<ColumnRef>(node)->fields, [&](const Node* field) {
        if (nodeTag(field) == T_String) name = string_value(field);
      });
      return name.empty() ? Guess{} : Guess{name, 2};
    }
    case T_A_Indirection: {
      std::string_view name;
      for_each(as<A_Indirection>(node)->indirection, [&](const Node* step) {
        if (nodeTag(step) == T_String) name = string_value(step);
      });
      return name.empty() ? guess(as<A_Indirection>(node)->arg) : Guess{name, 2};
    }
    case T_FuncCall:
      return {last_string(as<FuncCall>(node)->funcname), 2};
    case T_A_Expr:
      if (as<A_Expr>(node)->kind == AEXPR_NULLIF) return {"nullif", 2};
      return {};
    case T_TypeCast: {
      Guess inner = guess(as<TypeCast>(node)->arg);
      if (inner.strength > 1 || as<TypeCast>(node)->typeName == nullptr) return inner;
      return {last_string(as<TypeCast>(node)->typeName->names), 1};
    }
    case T_CollateClause:
      return guess(as<CollateClause>(node)->arg);
    case T_GroupingFunc:
      return {"grouping", 2};
    case T_SubLink:
      return sublink_name(as<SubLink>(node));
    case T_CaseExpr: {
      Guess inner = guess(node_of(as<CaseExpr>(node)->defresult));
      return inner.strength > 1 ? inner : Guess{"case", 1};
    }
    case T_A_ArrayExpr:
      return {"array", 2};
    case T_RowExpr:
      return {"row", 2};
    case T_CoalesceExpr:
      return {"coalesce", 2};
    case T_MinMaxExpr:
      return {as<MinMaxExpr>(node)->op == IS_GREATEST ? "greatest" : "least", 2};
    case T_SQLValueFunction:
      return {sql_value_function_name(as<SQLValueFunction>(node)->op), 2};
    case T_XmlExpr: {
      std::string_view name = xml_name(as<XmlExpr>(node)->op);
      return name.empty() ? Guess{} : Guess{name, 2};
    }
    case T_XmlSerialize:
      return {"xmlserialize", 2};
    default:
      return {};
  }
}

}  // namespace

std::string_view column_name(const Node* expression) {
  std::string_view name = guess(expression).name;
  return name.empty() ? "?column?" : name;
}

std::string_view column_name(const ResTarget* target) {
  return target->name != nullptr ? std::string_view(target->name) : column_name(target->val);
}

}  // namespace pgconsent::parser
