// Open snapshots: a withdrawal must not be outlived by a transaction or a cursor that goes on seeing what was
// before it. Past `max_snapshot_age` nothing that depends on consent is read through them.
#include <utility>

#include "proxy/session/impl.h"
#include "proxy/session/refusals.h"
#include "proxy/wire/backend/data_row.h"

namespace pgconsent::session {

using Isolation = SnapshotAge::Isolation;
using std::chrono::milliseconds;

// Zero: unlimited.
milliseconds Session::Impl::max_snapshot_age() const {
  return planner_->max_snapshot_age(state_->login_role).value_or(config_.max_snapshot_age);
}

bool Session::Impl::is_too_old(SnapshotAge::Time snapshot) const {
  if (snapshot == in_flight_.age().now()) return false;
  const milliseconds limit = max_snapshot_age();
  return limit > milliseconds::zero() && in_flight_.age().now() - snapshot > limit;
}

// May the plan be run in the transaction that is open? REQUIRES: it is decided, with what it runs by name.
Session::Impl::Snapshot Session::Impl::snapshot_for(const enforce::Plan& plan) {
  if (!plan.depends_on_consent()) return Snapshot::fits;
  SnapshotAge& age = in_flight_.age();
  const bool too_old = is_too_old(age.since());
  // When a cursor outlives its transaction, so does the snapshot: its time is kept with it.
  const bool holds = age.since() != age.now() && makes_holdable(plan);
  if (!too_old && !holds) return Snapshot::fits;
  if (age.isolation() == Isolation::unknown) {
    if (!drained()) return Snapshot::wait;
    if (outside_transaction()) {
      age.begin_message(age.now(), true);
      return Snapshot::fits;
    }
    if (transaction_ != 'E') {
      begin_own(Own::isolation);
      ask(isolation_query, 0);
      end_own();
      return Snapshot::wait;
    }
    // The server refuses everything up to the transaction's end, behind which nothing is known.
    if ((plan.effects() & enforce::ends_transaction) == 0) return Snapshot::fits;
  }
  return too_old && age.isolation() != Isolation::per_statement ? Snapshot::too_old : Snapshot::fits;
}

bool Session::Impl::makes_holdable(const enforce::Plan& plan) {
  for (const auto& statement : plan.statements) {
    if (statement.outlives_transaction) return true;
  }
  return false;
}

bool Session::Impl::outside_transaction() const {
  return transaction_ == 'I' && !unsynced_ && in_flight_.empty();
}

// A message that may end the transaction, where it is no block that is known to go on.
void Session::Impl::transaction_may_end(bool demanded) {
  end_sent_ |= demanded;
  if (end_sent_ || transaction_ != 'T') in_flight_.age().may_end();
}

bool Session::Impl::isolation_row(std::span<const std::optional<std::string_view>> fields) {
  if (fields.size() != 1 || !fields[0]) return false;
  const bool per_statement = *fields[0] == "read committed" || *fields[0] == "read uncommitted";
  in_flight_.age().found(per_statement ? Isolation::per_statement : Isolation::per_transaction);
  return true;
}

parser::SqlError Session::Impl::snapshot_error(bool cursor) const {
  return snapshot_too_old(cursor, max_snapshot_age());
}

}  // namespace pgconsent::session
