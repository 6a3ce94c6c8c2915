// Moments at which slots change by themselves, 8 bytes each: buckets of about 71 minutes, of which only the
// first is kept as a heap. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "proxy/consent/record.h"

namespace pgconsent::consent {

class Calendar {
 public:
  void add(Time due, std::uint32_t slot);  // REQUIRES: due is neither `always` nor `never`
  Time next();                             // `never` when empty
  // Takes one slot that is due at `now` or before, in order of time.
  std::optional<std::uint32_t> take(Time now);
  std::size_t size() const { return size_; }
  std::size_t bytes() const;

 private:
  struct Entry {
    std::uint32_t offset, slot;
    bool operator<(const Entry& other) const { return offset > other.offset; }  // the heap's top is the first
  };
  static constexpr int bucket_bits = 32;
  using Buckets = std::map<Time, std::vector<Entry>>;

  void make_first_a_heap();

  Buckets buckets_;
  std::optional<Time> heap_;  // the bucket that is one
  std::size_t size_ = 0;
};

}  // namespace pgconsent::consent
