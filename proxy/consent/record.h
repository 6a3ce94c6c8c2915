// What a consent store tells the index.
#pragma once

#include <cstdint>
#include <limits>

#include "proxy/consent/subject_key.h"

namespace pgconsent::consent {

// The server's clock, microseconds since 1970.
using Time = std::int64_t;
constexpr Time always = std::numeric_limits<Time>::min();
constexpr Time never = std::numeric_limits<Time>::max();

// Numbers that the store gives to kinds of subject, and to what is decided separately: a purpose and
// category, a purpose as a whole, the restriction of a subject. What they mean is between the store and
// whoever asks.
using KindNumber = std::uint16_t;
using Scope = std::uint16_t;

// All that holds of one subject in one scope: replaces whatever held before. With nothing set it takes back.
struct Record {
  KindNumber kind = 0;
  SubjectKey key;
  Scope scope = 0;
  bool given = false;       // valid_from <= now < valid_until
  bool withdrawn = false;   // as opposed to never given
  bool objected = false;    // Art. 21
  bool restricted = false;  // Art. 18
  Time valid_from = always, valid_until = never;
};

// A place in the store's sequence of changes. The fingerprint tells one history from another that has the
// same numbers: after a restore, a failover or a crash.
struct Mark {
  std::int64_t sequence = 0;  // 0: before the first change
  std::uint64_t fingerprint = 0;
  friend bool operator==(const Mark&, const Mark&) = default;
};

// One step of that sequence. Several records may belong to one step; then they follow one another.
struct Change {
  enum class Kind : std::uint8_t { put, erase_subject, nothing };
  Mark mark;
  Kind kind = Kind::put;
  Record record;  // erase_subject: kind and key count; nothing: what the index does not hold
};

}  // namespace pgconsent::consent
