#include "proxy/session/counters.h"

namespace pgconsent::session {

namespace {

namespace sqlstate = parser::sqlstate;

RefusalReason reason_of(std::string_view code) {
  if (code == sqlstate::insufficient_privilege) return RefusalReason::policy;
  if (code == sqlstate::feature_not_supported) return RefusalReason::unsupported;
  if (code == sqlstate::syntax_error) return RefusalReason::syntax;
  if (code == sqlstate::io_error) return RefusalReason::audit;
  if (code.starts_with("54")) return RefusalReason::limit;
  // What PostgreSQL itself would have refused: names, purposes, messages that are not there or not right.
  if (code.starts_with("42") || code.starts_with("22") || code.starts_with("26") || code.starts_with("08"))
    return RefusalReason::invalid;
  return RefusalReason::other;
}

constexpr std::size_t refused_index = 3;

std::size_t index_of(enforce::Decision decision) {
  switch (decision) {
    case enforce::Decision::untouched:
      return 0;
    case enforce::Decision::allowed:
      return 1;
    case enforce::Decision::masked:
      return 2;
    case enforce::Decision::refused:
      return refused_index;
    case enforce::Decision::exempt:
      return 4;
  }
  return refused_index;
}

}  // namespace

void Counters::sent(const enforce::Plan& plan, bool runs, bool refuses) {
  for (const auto& statement : plan.statements) {
    if (statement.refusal) {
      if (!refuses) continue;
      statements[refused_index].add();
      refused(reason_of(statement.refusal->sqlstate));
    } else if (runs) {
      statements[index_of(statement.decision)].add();
    }
  }
}

}  // namespace pgconsent::session
