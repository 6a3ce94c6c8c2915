// What the sessions of one worker have done: counted on its thread, read on any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/enforce/counter.h"
#include "proxy/enforce/plan.h"

namespace pgconsent::session {

// Why a statement was refused. `row`: while it ran, at a row.
enum class RefusalReason : std::uint8_t { policy, unsupported, syntax, invalid, limit, audit, row, other };
inline constexpr std::array<std::string_view, 8> refusal_reasons = {
    "policy", "unsupported", "syntax", "invalid", "limit", "audit", "row", "other"};
inline constexpr std::array<std::string_view, 5> decisions = {"passed", "clear", "masked", "refused",
                                                              "exempt"};

struct Counters {
  enforce::Counter sessions;                                      // authenticated
  std::array<enforce::Counter, decisions.size()> statements;      // as `decisions`
  std::array<enforce::Counter, refusal_reasons.size()> refusals;  // as RefusalReason
  enforce::TimeCounter analysis;
  enforce::Counter cells_masked;  // where it is known

  // A message with this plan is sent. `runs`: all but a Parse; `refuses`: all but an Execute, whose Parse
  // did.
  void sent(const enforce::Plan& plan, bool runs, bool refuses);
  void refused(RefusalReason reason) { refusals[static_cast<std::size_t>(reason)].add(); }
};

}  // namespace pgconsent::session
