// A set of 32-bit slots: Roaring's idea (containers only where there are members) as a radix tree of atomics.
// One writer; any number of readers without locks, who see each change as soon as it is stored. Readers see
// everything that happened before a release store which they have acquired. Containers live as long as the
// bitmap.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace pgconsent::consent {

class SlotBitmap {
 public:
  SlotBitmap() = default;
  SlotBitmap(const SlotBitmap&) = delete;
  SlotBitmap& operator=(const SlotBitmap&) = delete;

  bool test(std::uint32_t slot) const noexcept {
    const Middle* middle = root_[slot >> middle_shift].load(std::memory_order_acquire);
    if (middle == nullptr) return false;
    const Leaf* leaf = middle->leaves[slot >> leaf_shift & middle_mask].load(std::memory_order_acquire);
    if (leaf == nullptr) return false;
    return leaf->words[slot >> 6 & word_mask].load(std::memory_order_relaxed) >> (slot & 63) & 1;
  }

  // The writer's. True when something has changed. Throws std::bad_alloc, then nothing has changed.
  bool set(std::uint32_t slot, bool value);
  std::size_t bytes() const {
    return sizeof *this + middles_.size() * sizeof(Middle) + leaves_ * sizeof(Leaf);
  }

 private:
  static constexpr unsigned leaf_shift = 12;    // 4096 slots, 512 bytes
  static constexpr unsigned middle_shift = 23;  // 2048 leaves, 16 kB
  static constexpr std::uint32_t middle_mask = (1U << (middle_shift - leaf_shift)) - 1;
  static constexpr std::uint32_t word_mask = (1U << (leaf_shift - 6)) - 1;

  struct Leaf {
    std::array<std::atomic<std::uint64_t>, word_mask + 1> words{};
  };
  struct Middle {
    ~Middle() {
      for (auto& leaf : leaves) delete leaf.load(std::memory_order_relaxed);
    }
    std::array<std::atomic<Leaf*>, middle_mask + 1> leaves{};
  };

  std::array<std::atomic<Middle*>, 1U << (32 - middle_shift)> root_{};
  std::vector<std::unique_ptr<Middle>> middles_;
  std::size_t leaves_ = 0;
};

}  // namespace pgconsent::consent
