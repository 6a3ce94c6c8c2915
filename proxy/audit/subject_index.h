// In memory: from subject keys to their numbers, by kind. Small whole numbers, which most keys are, lie in
// pages and are found without locks; the rest lies in a hash table, integers as they are, texts by a keyed
// hash of 128 bits. find() is for any thread, what changes it takes turns (the directory's mutex).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/audit/subject_key.h"
#include "proxy/consent/siphash.h"

namespace pgconsent::audit {

class SubjectIndex {
 public:
  static constexpr unsigned max_kinds = 64;

  SubjectIndex() : secret_(consent::HashSecret::random()) {}

  // 0: unknown.
  std::uint32_t find(unsigned kind, const SubjectKey& key) const {
    if (key.type == SubjectKey::Type::integer && is_small(key.integer)) return find_small(kind, key.integer);
    return find_other(kind, key);
  }
  // 0 takes it out.
  void set(unsigned kind, const SubjectKey& key, std::uint32_t number);
  // Takes out the numbers of which `stays` is not true.
  void retain(const std::function<bool(std::uint32_t)>& stays);
  std::size_t size() const { return size_; }  // by whoever changes it

 private:
  static constexpr unsigned page_bits = 12;
  static constexpr std::int64_t small_keys = std::int64_t{1} << 26;
  using Page = std::array<std::atomic<std::uint32_t>, std::size_t{1} << page_bits>;
  using Pages = std::array<std::atomic<Page*>, (small_keys >> page_bits)>;

  // Keys that were taken out leave `dead` behind, and their hash is wiped.
  struct Others {
    static constexpr std::uint32_t dead = ~0u;
    std::vector<consent::Hash128> hashes;
    std::vector<std::uint32_t> numbers;  // 0: free
    std::size_t used = 0;                // with the dead ones
  };

  static bool is_small(std::int64_t key) { return key >= 0 && key < small_keys; }
  std::uint32_t find_small(unsigned kind, std::int64_t key) const {
    const Pages* pages = small_[kind].load(std::memory_order_acquire);
    if (pages == nullptr) return 0;
    const Page* page = (*pages)[static_cast<std::size_t>(key) >> page_bits].load(std::memory_order_acquire);
    return page == nullptr ? 0 : (*page)[key & ((1 << page_bits) - 1)].load(std::memory_order_relaxed);
  }
  std::uint32_t find_other(unsigned kind, const SubjectKey& key) const;
  consent::Hash128 hash(const SubjectKey& key) const;
  std::size_t place(const Others& others, const consent::Hash128& hash) const;
  void set_small(unsigned kind, std::int64_t key, std::uint32_t number);
  void grow(Others& others) const;

  const consent::HashSecret secret_;
  std::array<std::atomic<Pages*>, max_kinds> small_{};
  std::vector<std::unique_ptr<Pages>> owned_tables_;
  std::vector<std::unique_ptr<Page>> owned_pages_;
  mutable std::mutex others_mutex_;
  std::array<Others, max_kinds> others_;
  std::size_t size_ = 0;
};

}  // namespace pgconsent::audit
