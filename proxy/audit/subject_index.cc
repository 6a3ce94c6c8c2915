#include "proxy/audit/subject_index.h"

namespace pgconsent::audit {

using consent::Hash128;

Hash128 SubjectIndex::hash(const SubjectKey& key) const {
  if (key.type != SubjectKey::Type::integer) return consent::siphash(secret_, key.bytes);
  return {0, static_cast<std::uint64_t>(key.integer)};
}

// Mixed with the secret: whoever chooses keys must not choose where they fall.
std::size_t SubjectIndex::place(const Others& others, const Hash128& hash) const {
  const auto product =
      static_cast<unsigned __int128>(hash.low ^ secret_.first) * (hash.high ^ secret_.second);
  return static_cast<std::size_t>(product ^ product >> 64) & (others.numbers.size() - 1);
}

std::uint32_t SubjectIndex::find_other(unsigned kind, const SubjectKey& key) const {
  const Hash128 wanted = hash(key);
  std::lock_guard lock(others_mutex_);
  const Others& others = others_[kind];
  if (others.numbers.empty()) return 0;
  for (std::size_t i = place(others, wanted);; i = (i + 1) & (others.numbers.size() - 1)) {
    const std::uint32_t number = others.numbers[i];
    if (number == 0) return 0;
    if (number != Others::dead && others.hashes[i] == wanted) return number;
  }
}

void SubjectIndex::grow(Others& others) const {
  std::size_t live = 0;
  for (std::uint32_t number : others.numbers) live += number != 0 && number != Others::dead;
  Others larger;
  std::size_t size = 1024;
  while (size < 2 * live + 2) size *= 2;
  larger.hashes.resize(size);
  larger.numbers.resize(size);
  larger.used = live;
  for (std::size_t i = 0; i < others.numbers.size(); ++i) {
    if (others.numbers[i] == 0 || others.numbers[i] == Others::dead) continue;
    std::size_t to = place(larger, others.hashes[i]);
    while (larger.numbers[to] != 0) to = (to + 1) & (size - 1);
    larger.hashes[to] = others.hashes[i];
    larger.numbers[to] = others.numbers[i];
  }
  others = std::move(larger);
}

void SubjectIndex::set(unsigned kind, const SubjectKey& key, std::uint32_t number) {
  if (key.type == SubjectKey::Type::integer && is_small(key.integer))
    return set_small(kind, key.integer, number);
  const Hash128 wanted = hash(key);
  std::lock_guard lock(others_mutex_);
  Others& others = others_[kind];
  if (4 * (others.used + 1) > 3 * others.numbers.size()) grow(others);
  std::size_t i = place(others, wanted);
  while (others.numbers[i] != 0 && (others.numbers[i] == Others::dead || others.hashes[i] != wanted))
    i = (i + 1) & (others.numbers.size() - 1);
  if (others.numbers[i] == 0) {
    if (number == 0) return;
    ++size_;
    ++others.used;
    others.hashes[i] = wanted;
  } else if (number == 0) {
    --size_;
    others.hashes[i] = {};
    number = Others::dead;
  }
  others.numbers[i] = number;
}

void SubjectIndex::set_small(unsigned kind, std::int64_t key, std::uint32_t number) {
  Pages* pages = small_[kind].load(std::memory_order_relaxed);
  if (pages == nullptr) {
    if (number == 0) return;
    pages = owned_tables_.emplace_back(std::make_unique<Pages>()).get();
    small_[kind].store(pages, std::memory_order_release);
  }
  auto& slot = (*pages)[static_cast<std::size_t>(key) >> page_bits];
  Page* page = slot.load(std::memory_order_relaxed);
  if (page == nullptr) {
    if (number == 0) return;
    page = owned_pages_.emplace_back(std::make_unique<Page>()).get();
    slot.store(page, std::memory_order_release);
  }
  auto& cell = (*page)[key & ((1 << page_bits) - 1)];
  const std::uint32_t before = cell.exchange(number, std::memory_order_relaxed);
  if (before == 0 && number != 0) ++size_;
  if (before != 0 && number == 0) --size_;
}

void SubjectIndex::retain(const std::function<bool(std::uint32_t)>& stays) {
  for (const auto& page : owned_pages_) {
    for (auto& cell : *page) {
      const std::uint32_t number = cell.load(std::memory_order_relaxed);
      if (number == 0 || stays(number)) continue;
      cell.store(0, std::memory_order_relaxed);
      --size_;
    }
  }
  std::lock_guard lock(others_mutex_);
  for (Others& others : others_) {
    for (std::size_t i = 0; i < others.numbers.size(); ++i) {
      std::uint32_t& number = others.numbers[i];
      if (number == 0 || number == Others::dead || stays(number)) continue;
      number = Others::dead;
      others.hashes[i] = {};
      --size_;
    }
  }
}

}  // namespace pgconsent::audit
