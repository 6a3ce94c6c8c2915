#include "parser/bind/references.h"

#include <algorithm>
#include <utility>

#include "parser/tree/walker.h"

namespace pgconsent::parser {

namespace {

class Collector {
 public:
  explicit Collector(References& out) : out_(out) {}

  void visit(const Node* node) {
    if (node == nullptr || out_.too_deep) return;
    if (++depth_ > max_depth) {
      out_.too_deep = true;
    } else {
      visit_kind(node);
    }
    --depth_;
  }

 private:
  void visit_kind(const Node* node) {
    switch (nodeTag(node)) {
      case T_SelectStmt:
        return with_clause(as<SelectStmt>(node)->withClause, [&] { select(as<SelectStmt>(node)); });
      case T_InsertStmt:
        return with_clause(as<InsertStmt>(node)->withClause, [&] { dml(as<InsertStmt>(node), node); });
      case T_UpdateStmt:
        return with_clause(as<UpdateStmt>(node)->withClause, [&] { dml(as<UpdateStmt>(node), node); });
      case T_DeleteStmt:
        return with_clause(as<DeleteStmt>(node)->withClause, [&] { dml(as<DeleteStmt>(node), node); });
      case T_MergeStmt:
        return with_clause(as<MergeStmt>(node)->withClause, [&] { dml(as<MergeStmt>(node), node); });
      case T_RangeVar:
        return range_var(as<RangeVar>(node));
      case T_IntoClause:
        return relation(as<IntoClause>(node)->rel, RelationUse::create);
      case T_ParamRef:
        out_.parameter_locations.push_back(as<ParamRef>(node)->location);
        return;
      case T_ColumnRef: {
        out_.lateral |= computed_items_ > 0;
        const List* fields = as<ColumnRef>(node)->fields;
        if (fields->length > 1) attribute(last_string(fields));
        return;
      }
      case T_A_Indirection:
        for_each(as<A_Indirection>(node)->indirection,
                 [&](const Node* step) { attribute(string_value(step)); });
        break;
      case T_FuncCall:
        function(as<FuncCall>(node));
        break;
      case T_A_Expr:
        operator_name(as<A_Expr>(node)->name);
        break;
      case T_SubLink:
        operator_name(as<SubLink>(node)->operName);
        break;
      case T_SortBy:
        operator_name(as<SortBy>(node)->useOp);
        break;
      case T_TypeName:
        out_.types.push_back(as<TypeName>(node));
        break;
      case T_RangeSubselect:
        out_.lateral |= as<RangeSubselect>(node)->lateral;
        break;
      case T_RangeTableSample:
        out_.functions.push_back(
            qualified(as<RangeTableSample>(node)->method, 1, as<RangeTableSample>(node)->location));
        [[fallthrough]];
      case T_RangeFunction:
      case T_RangeTableFunc:
        ++computed_items_;
        children(node);
        --computed_items_;
        return;
      default:
        break;
    }
    children(node);
  }

  void children(const Node* node) {
    if (!for_each_child(node, [&](const Node* child) { visit(child); })) out_.unknown_node = nodeTag(node);
  }

  // Common table expressions are in scope of the statement, of those behind them, and with RECURSIVE of all.
  // They never stand for a qualified name or for the target of a modification.
  template <class Body>
  void with_clause(const WithClause* with, Body&& body) {
    const std::size_t outer = ctes_.size();
    if (with != nullptr) {
      if (with->recursive) for_each(with->ctes, [&](const Node* cte) { declare(cte); });
      for_each(with->ctes, [&](const Node* cte) {
        const std::size_t before = ctes_.size();
        visit(cte);
        ctes_.resize(before);
        if (!with->recursive) declare(cte);
      });
    }
    body();
    ctes_.resize(outer);
  }

  void declare(const Node* cte) { ctes_.push_back(as<CommonTableExpr>(cte)->ctename); }

  // UNION chains are left-deep: a loop, not recursion.
  void select(const SelectStmt* top) {
    std::vector<const SelectStmt*> arms{top};
    while (arms.back()->larg != nullptr && arms.back()->larg->withClause == nullptr)
      arms.push_back(arms.back()->larg);
    if (arms.back()->larg != nullptr) visit(node_of(arms.back()->larg));
    for (auto arm = arms.rbegin(); arm != arms.rend(); ++arm) clauses(*arm);
  }

  void clauses(const SelectStmt* select) {
    auto visit_all = [&](const List* list) { for_each(list, [&](const Node* node) { visit(node); }); };
    const SelectStmt* outer = std::exchange(targets_of_, nullptr);
    visit(node_of(select->intoClause));
    visit_all(select->fromClause);
    visit_all(select->distinctClause);
    targets_of_ = select;
    visit_all(select->targetList);
    targets_of_ = nullptr;
    visit(select->whereClause);
    visit_all(select->groupClause);
    visit(select->havingClause);
    visit_all(select->windowClause);
    visit_all(select->valuesLists);
    if (select->rarg != nullptr) visit(node_of(select->rarg));
    visit_all(select->sortClause);
    visit(select->limitOffset);
    visit(select->limitCount);
    targets_of_ = outer;
  }

  template <class Statement>
  void dml(const Statement* statement, const Node* node) {
    relation(statement->relation, RelationUse::target, node);
    const bool known = for_each_child(node, [&](const Node* child) {
      if (child != node_of(statement->relation) && child != node_of(statement->withClause)) visit(child);
    });
    if (!known) out_.unknown_node = nodeTag(node);
  }

  void range_var(const RangeVar* range) {
    if (range->schemaname == nullptr &&
        std::find(ctes_.begin(), ctes_.end(), std::string_view(range->relname)) != ctes_.end()) {
      return;
    }
    relation(range, RelationUse::read);
  }

  void relation(const RangeVar* range, RelationUse use, const Node* statement = nullptr) {
    if (range != nullptr) out_.relations.push_back({range, use, statement});
  }

  void attribute(std::string_view name) {
    if (!name.empty()) out_.attributes.push_back(name);
  }

  void operator_name(const List* name) {
    std::string_view last = last_string(name);
    if (!last.empty()) out_.operators.push_back(last);
  }

  static FunctionReference qualified(const List* name, int arguments, int location) {
    FunctionReference reference;
    reference.name = last_string(name);
    if (name != nullptr && name->length > 1) {
      reference.schema = string_value(static_cast<const Node*>(name->elements[name->length - 2].ptr_value));
    }
    reference.arguments = arguments;
    reference.location = location;
    return reference;
  }

  void function(const FuncCall* call) {
    out_.functions.push_back(qualified(call->funcname, list_length(call->args), call->location));
    out_.functions.back().call = call;
    out_.functions.back().select = targets_of_;
  }

  References& out_;
  std::vector<std::string_view> ctes_;
  const SelectStmt* targets_of_ = nullptr;
  int depth_ = 0, computed_items_ = 0;
};

}  // namespace

void collect_references(const Node* statement, References& out) {
  out.relations.clear();
  out.functions.clear();
  out.operators.clear();
  out.types.clear();
  out.attributes.clear();
  out.parameter_locations.clear();
  out.unknown_node = 0;
  out.too_deep = false;
  Collector(out).visit(statement);
}

}  // namespace pgconsent::parser
