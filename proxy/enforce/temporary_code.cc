#include "proxy/enforce/temporary_code.h"

#include <algorithm>

#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

struct Verdict {
  bool known = true, dangerous = false;
};

Verdict judge(const Generation& generation, const TemporaryUse& use) {
  const parser::FunctionReach& functions = generation.functions();
  const parser::Snapshot& catalog = generation.catalog();
  switch (use.kind) {
    case TemporaryUse::Kind::function:
      return {catalog.function(use.oid) != nullptr, functions.is_dangerous(use.oid)};
    case TemporaryUse::Kind::relation:
      return {catalog.relation(use.oid) != nullptr,
              functions.reaches_protected(use.oid) != parser::RelationReach::none ||
                  functions.reading_may_fail_on_rows(use.oid)};
    case TemporaryUse::Kind::type:
      return {catalog.types.contains(use.oid), functions.type_is_dangerous(use.oid)};
    case TemporaryUse::Kind::operation: {
      const auto found = std::find_if(catalog.operators.begin(), catalog.operators.end(),
                                      [&](const parser::Operator& each) { return each.oid == use.oid; });
      if (found == catalog.operators.end()) return {false, true};
      return {true, functions.operator_is_dangerous(found->name)};
    }
  }
  return {false, true};
}

}  // namespace

std::optional<parser::SqlError> refuse_temporary_code(const Generation& generation, const SessionState& state,
                                                      bool& unknown) {
  for (const TemporaryUse& use : state.temporary_uses) {
    const Verdict verdict = judge(generation, use);
    unknown |= !verdict.known;
    if (!verdict.dangerous) continue;
    return refusal("temporary relation \"" + use.relation + "\" may read protected data",
                   "It uses a function, type or relation that does, or that is not known.",
                   "Drop it, or DISCARD TEMP.");
  }
  return std::nullopt;
}

}  // namespace pgconsent::enforce
