// From subject keys to slots, for keys that are not small whole numbers: open addressing, keys are never
// removed. One writer; readers without locks. A table that was outgrown lives on until the end, since readers
// may be in it: growing doubles, so that they are as much again as the last one at most.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "proxy/consent/subject_key.h"

namespace pgconsent::consent {

class KeyTable {
 public:
  explicit KeyTable(const HashSecret& secret);
  KeyTable(const KeyTable&) = delete;
  KeyTable& operator=(const KeyTable&) = delete;

  std::optional<std::uint32_t> find(const SubjectKey& key) const noexcept {
    const Generation& table = *current_.load(std::memory_order_acquire);
    for (std::size_t i = home(key, table);; i = (i + 1) & table.mask) {
      const Entry& entry = table.entries[i];
      const std::uint32_t number = entry.number.load(std::memory_order_acquire);
      if (number == 0) return {};
      if (entry.low.load(std::memory_order_relaxed) == key.low &&
          entry.high.load(std::memory_order_relaxed) == key.high) {
        return number - 1;
      }
    }
  }

  // The writer's. Numbers 0, 1, 2, … in the order of arrival. Throws std::bad_alloc or std::length_error.
  std::uint32_t insert(const SubjectKey& key);
  std::size_t size() const { return size_; }
  std::size_t bytes() const;
  // Frees outgrown tables. REQUIRES: no reader has seen this object yet.
  void forget_outgrown();

 private:
  struct Entry {
    std::atomic<std::uint64_t> high{0}, low{0};
    std::atomic<std::uint32_t> number{0};  // plus one; stored last
  };
  struct Generation {
    explicit Generation(std::size_t size);  // a power of two
    std::size_t mask;
    std::unique_ptr<Entry[], void (*)(void*)> entries;
  };

  // Mixed with the secret: whoever chooses keys must not choose where they fall.
  std::size_t home(const SubjectKey& key, const Generation& table) const noexcept {
    const auto product =
        static_cast<unsigned __int128>(key.low ^ secret_.first) * (key.high ^ secret_.second);
    return static_cast<std::size_t>(product ^ product >> 64) & table.mask;
  }
  void place(Generation& table, const SubjectKey& key, std::uint32_t number) const;
  void grow();

  const HashSecret secret_;
  std::vector<std::unique_ptr<Generation>> generations_;
  std::atomic<Generation*> current_;
  std::size_t size_ = 0;
};

}  // namespace pgconsent::consent
