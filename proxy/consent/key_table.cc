#include "proxy/consent/key_table.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>
#include <stdexcept>

namespace pgconsent::consent {

namespace {

constexpr std::size_t first_size = 1024;
constexpr std::uint32_t most_keys = 0xfffffffe;

}  // namespace

// Large tables are looked into at random: on small pages each look would also miss the TLB.
KeyTable::Generation::Generation(std::size_t size) : mask(size - 1), entries(nullptr, std::free) {
  constexpr std::size_t huge_page = std::size_t{2} << 20;
  const std::size_t bytes = size * sizeof(Entry);
  const std::size_t alignment = bytes < huge_page ? 64 : huge_page;
  void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  if (bytes >= huge_page) madvise(memory, bytes, MADV_HUGEPAGE);  // a wish: nothing depends on it
  entries.reset(static_cast<Entry*>(memory));
  for (std::size_t i = 0; i < size; ++i) new (entries.get() + i) Entry;
}

KeyTable::KeyTable(const HashSecret& secret) : secret_(secret) {
  generations_.push_back(std::make_unique<Generation>(first_size));
  current_.store(generations_.back().get(), std::memory_order_release);
}

std::uint32_t KeyTable::insert(const SubjectKey& key) {
  if (auto known = find(key)) return *known;
  if (size_ >= most_keys) throw std::length_error("too many subjects for one index");
  // At most three quarters full.
  if ((size_ + 1) * 4 > (generations_.back()->mask + 1) * 3) grow();
  const auto number = static_cast<std::uint32_t>(size_);
  place(*generations_.back(), key, number);
  ++size_;
  return number;
}

void KeyTable::place(Generation& table, const SubjectKey& key, std::uint32_t number) const {
  std::size_t i = home(key, table);
  while (table.entries[i].number.load(std::memory_order_relaxed) != 0) i = (i + 1) & table.mask;
  Entry& entry = table.entries[i];
  entry.high.store(key.high, std::memory_order_relaxed);
  entry.low.store(key.low, std::memory_order_relaxed);
  entry.number.store(number + 1, std::memory_order_release);
}

void KeyTable::grow() {
  const Generation& old = *generations_.back();
  auto larger = std::make_unique<Generation>((old.mask + 1) * 2);
  for (std::size_t i = 0; i <= old.mask; ++i) {
    const Entry& entry = old.entries[i];
    const std::uint32_t number = entry.number.load(std::memory_order_relaxed);
    if (number == 0) continue;
    SubjectKey key{entry.high.load(std::memory_order_relaxed), entry.low.load(std::memory_order_relaxed)};
    place(*larger, key, number - 1);
  }
  generations_.push_back(std::move(larger));
  current_.store(generations_.back().get(), std::memory_order_release);
}

std::size_t KeyTable::bytes() const {
  std::size_t total = 0;
  for (const auto& table : generations_) total += (table->mask + 1) * sizeof(Entry);
  return total;
}

void KeyTable::forget_outgrown() {
  generations_.erase(generations_.begin(), generations_.end() - 1);
}

}  // namespace pgconsent::consent
