#include "proxy/enforce/function_rules.h"

#include <algorithm>

#include "parser/reach/body_scan.h"
#include "parser/tree/walker.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

using parser::Function;
using parser::FunctionReach;
using parser::FunctionReference;
using parser::SpecialFunction;

constexpr const char* trust_hint =
    "List the function under `functions: trusted` in the rules if it is harmless.";

std::string_view constant_text(const Node* node) {
  if (node != nullptr && nodeTag(node) == T_TypeCast) node = parser::as<TypeCast>(node)->arg;
  if (node == nullptr || nodeTag(node) != T_A_Const || parser::as<A_Const>(node)->isnull) return {};
  return parser::string_value(&parser::as<A_Const>(node)->val.node);
}

const Node* first_argument(const FuncCall* call) {
  return call == nullptr || list_length(call->args) == 0 ? nullptr
                                                         : static_cast<const Node*>(linitial(call->args));
}

bool is_column_name(const Node* node) {
  if (nodeTag(node) != T_ColumnRef) return false;
  const List* fields = parser::as<ColumnRef>(node)->fields;
  return fields->length == 1 && parser::last_string(fields) == "name";
}

// SELECT set_config(name, …) FROM pg_settings WHERE name = 'constant', as pg_dump asks it: runs for that row
// only.
std::string_view setting_by_row(const FunctionReference& call, const parser::NameResolver& names) {
  const Node* argument = first_argument(call.call);
  if (argument == nullptr || !is_column_name(argument) || call.select == nullptr) return {};
  const List* from = call.select->fromClause;
  if (list_length(from) != 1 || call.select->whereClause == nullptr || !names.catalog_comes_first())
    return {};
  const Node* item = static_cast<const Node*>(linitial(from));
  if (nodeTag(item) != T_RangeVar) return {};
  const parser::Relation* settings = names.resolve(*parser::as<RangeVar>(item)).relation;
  if (settings == nullptr || settings->schema != "pg_catalog" || settings->name != "pg_settings") return {};
  const Node* where = call.select->whereClause;
  if (nodeTag(where) != T_A_Expr) return {};
  const auto* equals = parser::as<A_Expr>(where);
  if (equals->kind != AEXPR_OP || equals->name->length != 1 || parser::last_string(equals->name) != "=")
    return {};
  if (equals->lexpr == nullptr || !is_column_name(equals->lexpr)) return {};
  return nodeTag(equals->rexpr) == T_A_Const ? constant_text(equals->rexpr) : std::string_view();
}

class Judge {
 public:
  Judge(const parser::References& references, const Generation& generation, const parser::NameResolver& names)
      : references_(references), generation_(generation), names_(names), reach_(generation.functions()) {}

  FunctionVerdict run() {
    verdict_.may_change_state = reach_.unseen_may_change_state();
    for (const FunctionReference& call : references_.functions) judge(call);
    for (std::string_view name : references_.attributes) attribute(name);
    for (std::string_view name : references_.operators) {
      if (reach_.operator_is_dangerous(name)) {
        refuse(refusal("operator \"" + std::string(name) + "\" may read protected data", {}, trust_hint), -1);
      }
    }
    for (const TypeName* type : references_.types) {
      const std::string_view name = parser::last_string(type->names);
      if (reach_.any_type_is_dangerous(name)) {
        refuse(refusal("type \"" + std::string(name) + "\" runs code that may read protected data", {},
                       trust_hint),
               type->location);
      }
    }
    if (reach_.unseen_cast_is_dangerous()) {
      refuse(refusal("a cast in this database runs code that may read protected data",
                     "It could be applied anywhere, without being named.", trust_hint),
             -1);
    }
    return std::move(verdict_);
  }

 private:
  void refuse(parser::SqlError error, int location) {
    if (verdict_.refusal) return;
    verdict_.refusal = std::move(error);
    verdict_.location = location;
  }

  void judge(const FunctionReference& call) {
    if (call.schema.starts_with("pg_temp")) {
      refuse(refusal("functions of the temporary schema can't be called"), call.location);
      return;
    }
    if (reach_.any_type_is_dangerous(call.name)) {  // name(value) may be a cast
      refuse(refusal("type \"" + std::string(call.name) + "\" runs code that may read protected data", {},
                     trust_hint),
             call.location);
      return;
    }
    verdict_.names_unknown |= generation_.catalog().functions_named(call.name).empty();
    if (!reach_.any_dangerous(call.name) && !reach_.any_special_or_stateful(call.name)) return;
    for (const Function* candidate : generation_.catalog().functions_named(call.name)) {
      if (!call.schema.empty() && candidate->schema != call.schema) continue;
      // An overload that can't be meant: fewer arguments may be completed by defaults, more can't be taken.
      // (A function of the user's may be variadic.)
      const bool built_in = candidate->oid < parser::first_user_oid;
      if (built_in && call.arguments > static_cast<int>(candidate->argument_types.size())) continue;
      if (reach_.is_dangerous(candidate->oid)) {
        refuse(refusal("function \"" + std::string(call.name) + "\" can't be called through the proxy",
                       reach_.reason(candidate->oid), built_in ? "" : trust_hint),
               call.location);
        return;
      }
      if (reach_.special(candidate->oid) != SpecialFunction::set_config)
        verdict_.may_change_state |= reach_.may_change_state(candidate->oid);
      special(*candidate, call);
    }
  }

  void special(const Function& function, const FunctionReference& call) {
    switch (reach_.special(function.oid)) {
      case SpecialFunction::none:
      case SpecialFunction::opens_by_name:
      case SpecialFunction::large_object:
      case SpecialFunction::notify:
        return;
      case SpecialFunction::current_query:
        verdict_.shows_sent_text = true;
        return;
      case SpecialFunction::own_statements:
        refuse(refusal("function \"" + function.name + "\" would show generated text", {},
                       "Read the view pg_cursors or pg_prepared_statements."),
               call.location);
        return;
      case SpecialFunction::set_config: {
        verdict_.by_constant = true;
        std::string name(constant_text(first_argument(call.call)));
        if (name.empty() && !is_cte(call)) name = setting_by_row(call, names_);
        verdict_.may_change_state |= decides_about_state(name);
        if (!name.empty() && parser::is_settable(name)) return;
        refuse(refusal("set_config needs a constant name of a setting that may be changed"), call.location);
        return;
      }
    }
  }

  // Does its SELECT read from a common table expression? Then pg_settings may be one.
  bool is_cte(const FunctionReference& call) const {
    if (call.select == nullptr || list_length(call.select->fromClause) != 1) return false;
    const auto* item = static_cast<const Node*>(linitial(call.select->fromClause));
    return std::none_of(references_.relations.begin(), references_.relations.end(),
                        [&](const auto& each) { return parser::node_of(each.range) == item; });
  }

  // a.name may be a function call: name(a).
  void attribute(std::string_view name) {
    verdict_.may_change_state |= reach_.any_special_or_stateful(name);
    if (!reach_.any_dangerous(name)) return;
    for (const Function* candidate : generation_.catalog().functions_named(name)) {
      if (candidate->argument_types.empty() || !reach_.is_dangerous(candidate->oid)) continue;
      refuse(refusal("\"" + std::string(name) + "\" may be a function that can't be called through the proxy",
                     reach_.reason(candidate->oid), trust_hint),
             -1);
    }
  }

  const parser::References& references_;
  const Generation& generation_;
  const parser::NameResolver& names_;
  const FunctionReach& reach_;
  FunctionVerdict verdict_;
};

}  // namespace

FunctionVerdict judge_functions(const parser::References& references, const Generation& generation,
                                const parser::NameResolver& names) {
  return Judge(references, generation, names).run();
}

}  // namespace pgconsent::enforce
