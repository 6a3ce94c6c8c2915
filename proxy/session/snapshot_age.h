// Since when may the snapshot exist that a statement sent now would read through?
// READ COMMITTED takes one for each statement; the other levels keep their transaction's first one until it
// ends. Which level holds is asked from the server, and only in a transaction that is old enough for it to
// matter. Where answers are still to come, the times here are too early, never too late.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace pgconsent::session {

class SnapshotAge {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Isolation : std::uint8_t { unknown, per_statement, per_transaction };

  // A message of the client's is looked at. `outside`: no transaction is open, and nothing is in flight.
  void begin_message(Time now, bool outside) {
    now_ = now;
    if (outside) {
      untaken_ = true;
      isolation_ = Isolation::unknown;
    }
    if (untaken_) since_ = now;
  }
  // Something is sent for which the server may take the transaction's snapshot.
  void taken() { untaken_ = false; }
  // Something is sent behind which another transaction may begin.
  void may_end() { isolation_ = Isolation::unknown; }
  // What was sent at that time has ended its transaction: the next one began later.
  void ended(Time sent) {
    since_ = std::max(since_, sent);
    isolation_ = Isolation::unknown;
  }
  // As the server says of the transaction that is open, with nothing in flight.
  void found(Isolation isolation) { isolation_ = isolation; }

  Time now() const { return now_; }
  Isolation isolation() const { return isolation_; }
  // Of the transaction's own snapshot.
  Time since() const { return since_; }
  // Of a statement that is sent now.
  Time of_statement() const { return isolation_ == Isolation::per_statement ? now_ : since_; }

 private:
  Time now_{}, since_{};
  Isolation isolation_ = Isolation::unknown;
  bool untaken_ = true;  // the transaction has no snapshot yet
};

}  // namespace pgconsent::session
