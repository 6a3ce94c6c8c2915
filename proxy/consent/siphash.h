// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, 2012): a keyed hash that nobody without the
// secret can find collisions for, fast on short texts.
#pragma once

#include <cstdint>
#include <string_view>

namespace pgconsent::consent {

struct Hash128 {
  std::uint64_t high = 0, low = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
};

struct HashSecret {
  std::uint64_t first = 0, second = 0;  // the key's bytes as two little-endian numbers
  static HashSecret random();           // throws std::exception where the system has no randomness
};

// `low` holds the first eight bytes of the output, little-endian, `high` the rest.
Hash128 siphash(const HashSecret& secret, std::string_view bytes);

}  // namespace pgconsent::consent
