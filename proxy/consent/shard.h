// What holds in one scope (purpose and category) of one kind of subject, by slot. One writer; test() by any
// thread, without locks.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "proxy/consent/calendar.h"
#include "proxy/consent/record.h"
#include "proxy/consent/slot_bitmap.h"

namespace pgconsent::consent {

// What the server's clock may show: the earliest and the latest.
struct TimeRange {
  Time earliest = 0, latest = 0;
};

enum class Answer : std::uint8_t { no, yes, unknown };

// Of one subject in one scope.
struct State {
  bool known = false;
  bool given = false, withdrawn = false, objected = false, restricted = false;

  // The three questions that a lawful basis asks; `yes` speaks for a clear value.
  Answer consents() const { return !known ? Answer::unknown : given ? Answer::yes : Answer::no; }
  Answer does_not_object() const { return !known ? Answer::unknown : objected ? Answer::no : Answer::yes; }
  Answer is_unrestricted() const { return !known ? Answer::unknown : restricted ? Answer::no : Answer::yes; }
};

class Shard {
 public:
  Shard(KindNumber kind, Scope scope) : kind(kind), scope(scope) {}

  const KindNumber kind;
  const Scope scope;

  // Any thread. A slot without a record has nothing set.
  State test(std::uint32_t slot) const noexcept {
    State state;
    state.known = true;
    state.given = given_.test(slot);
    state.withdrawn = withdrawn_.test(slot);
    state.objected = objected_.test(slot);
    state.restricted = restricted_.test(slot);
    return state;
  }
  bool is_given(std::uint32_t slot) const noexcept { return given_.test(slot); }

  // The writer's. In doubt about the time consent ends early and begins late.
  // Errors: std::bad_alloc, then the slot may hold anything.
  void put(std::uint32_t slot, const Record& record, TimeRange now);
  void advance(TimeRange now);  // what begins or ends by itself
  Time next_start() { return starts_.next(); }
  Time next_end() { return ends_.next(); }
  std::size_t bytes() const;
  // Entries of the calendars that later records have made idle; a rebuild drops them.
  std::size_t idle_entries() const { return idle_entries_; }

 private:
  struct Window {
    bool given;
    Time from, until;
  };

  void schedule(std::uint32_t slot, const Record& record, TimeRange now);
  bool now_holds(std::uint32_t slot, bool otherwise, TimeRange now) const;

  SlotBitmap given_, withdrawn_, objected_, restricted_;

  // The writer's own. A slot's first record with one limit in time lives in the calendars alone; from its
  // second record on `windows_` says what holds, and the calendars only say when to look.
  SlotBitmap scheduled_;
  std::unordered_map<std::uint32_t, Window> windows_;
  Calendar starts_, ends_;
  std::size_t idle_entries_ = 0;
};

}  // namespace pgconsent::consent
