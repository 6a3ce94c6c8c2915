// A set of subject numbers while a statement's rows go by, and its portable form: Roaring bitmaps
// (https://github.com/RoaringBitmap/RoaringFormatSpec), as CRoaring, Java and Go read them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pgconsent::audit {

// Cheap to add to, in any order and repeatedly: a list while it is short, then bits, of which as many are
// there as numbers lie close together. Not thread-safe.
class NumberSet {
 public:
  void add(std::uint32_t number) {
    if (chunks_.empty() && list_.size() < short_list) {
      if (list_.empty() || list_.back() != number) list_.push_back(number);
      return;
    }
    add_bit(number);
  }
  bool empty() const { return list_.empty() && chunks_.empty(); }
  void clear();
  // Appends the portable form. Sorts; the set stays what it is.
  void serialize(std::string& out);

 private:
  static constexpr std::size_t short_list = 1024;
  using Chunk = std::array<std::uint64_t, 1024>;  // of 2^16 numbers

  void add_bit(std::uint32_t number);
  void serialize_list(std::string& out);

  std::vector<std::uint32_t> list_;
  std::vector<std::unique_ptr<Chunk>> chunks_;  // by the number's upper half
};

}  // namespace pgconsent::audit
