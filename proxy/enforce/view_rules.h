// Views that only pass protected columns on: their rules follow from those of what is behind them.
#pragma once

#include <unordered_map>

#include "parser/catalog/snapshot.h"
#include "parser/reach/function_reach.h"
#include "proxy/enforce/rule_conditions.h"
#include "rules/policy.h"

namespace pgconsent::enforce {

using ViewRules = std::unordered_map<parser::Oid, rules::ProtectedRelation>;

// A view whose masked columns are passed on untouched, beside the subjects' keys, gives the same whether the
// mask is applied below it or above it. Above, PostgreSQL itself checks the caller's rights on the view and
// the owner's on the tables. The same holds for a view that uses no masked column at all. Other views that
// show protected data are left out: they have to be expanded.
// With a purpose: what this purpose always clears counts as not masked, and where it never asks for consent
// no subject is needed.
ViewRules derive_view_rules(const parser::Snapshot& catalog, const rules::Policy& policy,
                            const parser::FunctionReach& reach, const RuleConditions& conditions,
                            const rules::Purpose* purpose);

}  // namespace pgconsent::enforce
