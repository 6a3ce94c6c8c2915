// Which key lookups (enforce::KeyLookup) of simple queries this session's server keeps prepared. One is sent
// as text first and prepared when it comes again: what always fails is never prepared, and its errors keep
// their positions. Bounded: the one prepared first goes first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "proxy/session/state_query.h"

namespace pgconsent::session {

class KeyLookups {
 public:
  static constexpr std::size_t limit = 64;

  enum class State : std::uint8_t { sent_as_text, prepared, failed };
  struct Lookup {
    std::uint64_t id = 0;
    State state = State::sent_as_text;
    std::uint32_t number = 0;  // of the server's statement
    std::string statement() const { return std::string(reserved_prefix) + std::to_string(number); }
  };

  // Null when it has not been sent yet. The result holds until the next call.
  Lookup* find(std::uint64_t id) {
    const auto at =
        std::find_if(lookups_.begin(), lookups_.end(), [&](const Lookup& each) { return each.id == id; });
    return at == lookups_.end() ? nullptr : &*at;
  }
  // True: `gone` had to make room.
  bool add(std::uint64_t id, Lookup& gone) {
    const bool full = lookups_.size() == limit;
    if (full) {
      gone = lookups_.front();
      lookups_.erase(lookups_.begin());
    }
    lookups_.push_back({id, State::sent_as_text, 0});
    return full && gone.state == State::prepared;
  }
  void prepared(Lookup& lookup) {
    lookup.state = State::prepared;
    lookup.number = ++last_number_;  // never the name of one that the server may still have
  }
  void failed(std::uint64_t id) {
    if (Lookup* lookup = find(id)) lookup->state = State::failed;
  }
  // DISCARD ALL, DEALLOCATE ALL.
  void clear() { lookups_.clear(); }

 private:
  std::vector<Lookup> lookups_;
  std::uint32_t last_number_ = 0;
};

}  // namespace pgconsent::session
