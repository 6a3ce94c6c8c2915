#include "proxy/consent/calendar.h"

#include <algorithm>

namespace pgconsent::consent {

void Calendar::add(Time due, std::uint32_t slot) {
  const Time bucket = due >> bucket_bits;
  std::vector<Entry>& entries = buckets_[bucket];
  entries.push_back({static_cast<std::uint32_t>(due), slot});
  ++size_;
  if (heap_ == bucket) std::push_heap(entries.begin(), entries.end());
}

void Calendar::make_first_a_heap() {
  auto& [bucket, entries] = *buckets_.begin();
  if (heap_ == bucket) return;
  std::make_heap(entries.begin(), entries.end());
  heap_ = bucket;
}

Time Calendar::next() {
  if (buckets_.empty()) return never;
  make_first_a_heap();
  const auto& [bucket, entries] = *buckets_.begin();
  return static_cast<Time>(static_cast<std::uint64_t>(bucket) << bucket_bits) | entries.front().offset;
}

std::optional<std::uint32_t> Calendar::take(Time now) {
  if (buckets_.empty() || next() > now) return {};
  auto first = buckets_.begin();
  std::vector<Entry>& entries = first->second;
  std::pop_heap(entries.begin(), entries.end());
  const std::uint32_t slot = entries.back().slot;
  entries.pop_back();
  --size_;
  if (entries.empty()) {
    buckets_.erase(first);
    heap_.reset();
  }
  return slot;
}

std::size_t Calendar::bytes() const {
  std::size_t total = 0;
  for (const auto& [bucket, entries] : buckets_) total += entries.capacity() * sizeof(Entry);
  return total;
}

}  // namespace pgconsent::consent
