#include <algorithm>
#include <set>

#include "rules/binder.h"
#include "rules/suggest.h"

namespace pgconsent::rules {

namespace {

using parser::Function;

// The argument list of "schema.name(type, …)"; quoted names may hold brackets.
std::string arguments_of(const Function& function) {
  bool in_quotes = false;
  const std::string& text = function.identity;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') in_quotes = !in_quotes;
    if (text[i] == '(' && !in_quotes && text.back() == ')') {
      return normalise_types(std::string_view(text).substr(i + 1, text.size() - i - 2));
    }
  }
  return text;  // no argument list: matches nothing that the rules can name
}

std::set<Oid> matching(const Binding& binding, const FunctionName& name) {
  std::set<Oid> found;
  if (name.name.empty()) {
    for (const auto& [oid, function] : binding.catalog.functions) {
      if (function.schema == name.schema) found.insert(oid);
    }
    return found;
  }
  for (const Function* function : binding.catalog.functions_named(name.name)) {
    if (function->schema != name.schema) continue;
    if (!name.arguments || arguments_of(*function) == *name.arguments) found.insert(function->oid);
  }
  return found;
}

// An overload of the same name first, then a similar name outside the system schemas.
std::string function_hint(const Binding& binding, const FunctionName& name) {
  if (!binding.catalog.has_schema(name.schema)) {
    return did_you_mean(name.schema, binding.catalog.schemas,
                        "there is no schema " + in_backticks(name.schema));
  }
  if (binding.hints_left-- <= 0) return {};
  std::vector<std::string> overloads, all;
  for (const auto& [oid, function] : binding.catalog.functions) {
    if (function.name == name.name && !is_system_schema(function.schema))
      overloads.push_back(function.identity);
    if (!is_system_schema(function.schema)) all.push_back(display_name(function.schema, function.name));
  }
  if (!overloads.empty()) {
    return "did you mean " + in_backticks(*std::min_element(overloads.begin(), overloads.end())) + "?";
  }
  return did_you_mean(display_name(name.schema, name.name), all);
}

void bind_list(Binding& binding, const std::vector<FunctionName>& list, std::set<Oid>& out, bool trusted,
               Reporter& report) {
  for (const FunctionName& name : list) {
    std::set<Oid> found = matching(binding, name);
    const std::string written = in_backticks(name.written.text);
    if (!found.empty()) {
      if (trusted && is_system_schema(name.schema) && name.name.empty()) {
        report.error(name.written.at,
                     "the functions of " + in_backticks(name.schema) + " can't be trusted as a whole",
                     "some of them read any table or file: name single functions");
      }
      out.merge(found);
    } else if (name.name.empty() && binding.catalog.has_schema(name.schema)) {
      report.warning(name.written.at, "no function matches " + written);
    } else {  // what is not there is neither trusted nor called
      if (trusted) {
        binding.policy.missing_functions.insert(name.name);
        binding.policy.missing_function_schemas.insert(name.schema);
      }
      report.warning(name.written.at, "function " + written + " does not exist",
                     function_hint(binding, name));
    }
  }
}

}  // namespace

void bind_functions(Binding& binding, Reporter& report) {
  Policy& policy = binding.policy;
  bind_list(binding, binding.rules.refused, policy.refused_functions, false, report);
  bind_list(binding, binding.rules.trusted, policy.trusted_functions, true, report);
  for (const FunctionName& name : binding.rules.trusted) {
    const std::set<Oid> found = matching(binding, name);
    if (!found.empty() && std::all_of(found.begin(), found.end(),
                                      [&](Oid oid) { return policy.refused_functions.contains(oid); })) {
      report.warning(name.written.at,
                     in_backticks(name.written.text) + " is trusted and refused: refused wins");
    }
  }
  for (Oid oid : policy.refused_functions) policy.trusted_functions.erase(oid);
}

}  // namespace pgconsent::rules
