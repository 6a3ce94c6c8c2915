#include "proxy/consent/slot_bitmap.h"

namespace pgconsent::consent {

bool SlotBitmap::set(std::uint32_t slot, bool value) {
  std::atomic<Middle*>& root = root_[slot >> middle_shift];
  Middle* middle = root.load(std::memory_order_relaxed);
  if (middle == nullptr) {
    if (!value) return false;
    middle = middles_.emplace_back(std::make_unique<Middle>()).get();
    root.store(middle, std::memory_order_release);
  }
  std::atomic<Leaf*>& place = middle->leaves[slot >> leaf_shift & middle_mask];
  Leaf* leaf = place.load(std::memory_order_relaxed);
  if (leaf == nullptr) {
    if (!value) return false;
    leaf = new Leaf;
    place.store(leaf, std::memory_order_release);
    ++leaves_;
  }
  std::atomic<std::uint64_t>& word = leaf->words[slot >> 6 & word_mask];
  const std::uint64_t before = word.load(std::memory_order_relaxed);
  const std::uint64_t bit = std::uint64_t{1} << (slot & 63);
  const std::uint64_t after = value ? before | bit : before & ~bit;
  if (after == before) return false;
  word.store(after, std::memory_order_relaxed);  // no other writer: no read-modify-write needed
  return true;
}

}  // namespace pgconsent::consent
