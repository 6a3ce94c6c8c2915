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

std::string_view constant_argument(const FuncCall* call) {
  if (call == nullptr || list_length(call->args) == 0) return {};
  const Node* first = static_cast<const Node*>(linitial(call->args));
  if (nodeTag(first) == T_TypeCast) first = parser::as<TypeCast>(first)->arg;
  if (nodeTag(first) != T_A_Const || parser::as<A_Const>(first)->isnull) return {};
  return parser::string_value(&parser::as<A_Const>(first)->val.node);
}

class Judge {
 public:
  Judge(const parser::References& references, const Generation& generation)
      : references_(references), generation_(generation), reach_(generation.functions()) {}

  FunctionVerdict run() {
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
    if (reach_.any_cast_is_dangerous()) {
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
    verdict_.names_unknown |= generation_.catalog().functions_named(call.name).empty();
    if (!reach_.any_dangerous(call.name) && !reach_.any_special_or_stateful(call.name)) return;
    for (const Function* candidate : generation_.catalog().functions_named(call.name)) {
      if (!call.schema.empty() && candidate->schema != call.schema) continue;
      // An overload that can't be meant: fewer arguments may be completed by defaults, more can't be taken.
      // (A function of the user's may be variadic.)
      const bool built_in = candidate->oid < parser::first_normal_oid;
      if (built_in && call.arguments > static_cast<int>(candidate->argument_types.size())) continue;
      if (reach_.is_dangerous(candidate->oid)) {
        refuse(refusal("function \"" + std::string(call.name) + "\" can't be called through the proxy",
                       reach_.reason(candidate->oid), built_in ? "" : trust_hint),
               call.location);
        return;
      }
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
        verdict_.may_change_state = true;
        std::string name(constant_argument(call.call));
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return std::tolower(c); });
        if (!name.empty() && parser::is_settable(name)) return;
        refuse(refusal("set_config needs a constant name of a setting that may be changed"), call.location);
        return;
      }
    }
  }

  // a.name may be a function call: name(a).
  void attribute(std::string_view name) {
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
  const FunctionReach& reach_;
  FunctionVerdict verdict_;
};

}  // namespace

FunctionVerdict judge_functions(const parser::References& references, const Generation& generation) {
  return Judge(references, generation).run();
}

}  // namespace pgconsent::enforce
