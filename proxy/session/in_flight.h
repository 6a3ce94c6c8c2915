// The messages that were sent to the server and not yet answered, in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/enforce/plan.h"
#include "proxy/session/snapshot_age.h"
#include "proxy/session/subject_trace.h"

namespace pgconsent::session {

// A prepared statement as the proxy knows it. Immutable: planning again makes a new one.
struct PreparedStatement {
  enforce::PlanPtr plan;
  std::string text;                            // to be planned again; empty: the plan's own
  std::vector<std::uint32_t> parameter_types;  // as the client's Parse gave them
  std::uint64_t state = 0;                     // SessionState::id that it was planned for
  bool on_server = true;  // false: the server's own was closed to be prepared again, which failed
  bool from_sql = false;  // made by PREPARE: `plan` holds that statement alone, to be prepared by SQL again
};
using PreparedPtr = std::shared_ptr<const PreparedStatement>;

// A portal: bound, or a cursor made by DECLARE.
struct Portal {
  enforce::PlanPtr plan;                               // of a cursor: the DECLARE alone
  std::shared_ptr<const enforce::SessionState> state;  // that it was planned for
  enforce::PlanPtr running;                  // with by-name statements looked up; set by its first Execute
  bool declared = false;                     // a cursor
  bool outlives_transaction = false;         // WITH HOLD
  SnapshotAge::Time opened{};                // its snapshot is no older
  std::uint64_t batch = 0;                   // of the client's, that bound it; 0: a cursor
  std::shared_ptr<const BoundValues> bound;  // for the audit; null: not known
};
using PortalPtr = std::shared_ptr<Portal>;

struct Entry {
  enum class Kind : std::uint8_t {
    query,
    function_call,
    parse,
    bind,
    describe_statement,
    describe_portal,
    execute,
    close,
    sync,
  };
  Kind kind = Kind::sync;
  bool swallowed = false;                    // the proxy's own: successful answers go nowhere
  bool own_query = false;                    // part of a state or catalog query: errors neither
  bool ends_own = false;                     // the last of them
  bool must_fail = false;                    // stands for a refused message: success would be wrong
  bool changes_statement = false;            // holds the next pending change of the statement table
  bool changes_portal = false;               // likewise of the portal table
  bool may_copy = false;                     // may answer with CopyInResponse
  bool answered = false;                     // the first answer has come: the audit record is in the file
  bool key_lookup = false;                   // sent by send_key_lookup()
  bool audited = false;                      // `audit` is set
  std::uint32_t outcomes = 0;                // of its records, still to come
  std::uint32_t statement = 0;               // query: statements completed so far; own query: its index
  std::uint64_t audit = 0;                   // sequence number of the last record
  enforce::PlanPtr plan;                     // null: unknown
  std::shared_ptr<const BoundValues> bound;  // execute: of its portal
  SnapshotAge::Time sent_at{}, snapshot{};   // the snapshot that it reads through is no older

  bool is_extended() const {
    return kind != Kind::query && kind != Kind::function_call && kind != Kind::sync;
  }
};

inline Entry make_entry(Entry::Kind kind, enforce::PlanPtr plan = nullptr) {
  Entry entry;
  entry.kind = kind;
  entry.plan = std::move(plan);
  return entry;
}

class InFlight {
 public:
  bool empty() const { return first_ == entries_.size(); }
  Entry& front() { return entries_[first_]; }
  const Entry& front() const { return entries_[first_]; }
  Entry& back() { return entries_.back(); }
  std::size_t size() const { return entries_.size() - first_; }
  Entry& push(Entry&& entry) {
    if (takes_snapshot(entry)) age_.taken();
    entry.sent_at = age_.now();
    entry.snapshot = age_.of_statement();
    return entries_.emplace_back(std::move(entry));
  }
  void pop() {
    entries_[first_].plan.reset();
    entries_[first_].bound.reset();
    if (++first_ == entries_.size()) {
      entries_.clear();
      first_ = 0;
      if (entries_.capacity() > 16) entries_.shrink_to_fit();
    } else if (first_ >= 64 && first_ * 2 > entries_.size()) {
      entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }

  SnapshotAge& age() { return age_; }
  const SnapshotAge& age() const { return age_; }

 private:
  static bool takes_snapshot(const Entry& entry) {
    if (entry.kind == Entry::Kind::sync || entry.kind == Entry::Kind::close) return false;
    return entry.plan == nullptr || entry.plan->takes_snapshot();
  }

  SnapshotAge age_;
  std::vector<Entry> entries_;
  std::size_t first_ = 0;
};

}  // namespace pgconsent::session
