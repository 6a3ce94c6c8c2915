#include "proxy/consent/tables.h"

#include <algorithm>
#include <stdexcept>

namespace pgconsent::consent {

Tables::Tables(const std::vector<KindSpec>& kinds, Layout layout, const HashSecret& secret) {
  for (const KindSpec& spec : kinds) kinds_.push_back(std::make_unique<Kind>(spec, layout, secret));
}

const Kind* Tables::kind(KindNumber number) const noexcept {
  for (const auto& kind : kinds_) {
    if (kind->spec.number == number) return kind.get();
  }
  return nullptr;
}

const Shard* Tables::shard(KindNumber kind, Scope scope) const noexcept {
  for (std::size_t i = place(kind, scope);; i = (i + 1) % places) {
    const Shard* shard = by_scope_[i].load(std::memory_order_acquire);
    if (shard == nullptr || (shard->kind == kind && shard->scope == scope)) return shard;
  }
}

Shard& Tables::make_shard(KindNumber kind, Scope scope) {
  std::size_t i = place(kind, scope);
  while (Shard* shard = by_scope_[i].load(std::memory_order_relaxed)) {
    if (shard->kind == kind && shard->scope == scope) return *shard;
    i = (i + 1) % places;
  }
  if (shards_.size() >= most_shards)
    throw std::length_error("too many purposes and categories for one index");
  shards_.push_back(std::make_unique<Shard>(kind, scope));
  by_scope_[i].store(shards_.back().get(), std::memory_order_release);
  return *shards_.back();
}

void Tables::put(const Record& record, TimeRange now) {
  auto kind = std::find_if(kinds_.begin(), kinds_.end(),
                           [&](const auto& k) { return k->spec.number == record.kind; });
  if (kind == kinds_.end()) return;
  std::optional<std::uint32_t> slot = (*kind)->slot(record.key);
  if (!slot) {
    const std::uint32_t number = (*kind)->keys_.insert(record.key);
    if (number >= 0xffffffff - (*kind)->direct_) throw std::length_error("too many subjects for one index");
    slot = number + (*kind)->direct_;
  }
  Shard& shard = make_shard(record.kind, record.scope);
  // Before the record is seen: no reader may miss its end.
  if (record.given && now.latest < record.valid_until && record.valid_until < next_end()) {
    next_end_.store(record.valid_until, std::memory_order_release);
  }
  shard.put(*slot, record, now);
  if (record.given && now.earliest < record.valid_from)
    next_start_ = std::min(next_start_, record.valid_from);
  ++records_;
}

void Tables::erase_subject(KindNumber kind, const SubjectKey& key, TimeRange now) {
  const Kind* known = this->kind(kind);
  if (known == nullptr) return;
  std::optional<std::uint32_t> slot = known->slot(key);
  if (!slot) return;
  for (const auto& shard : shards_) {
    if (shard->kind == kind) shard->put(*slot, Record{kind, key, shard->scope}, now);
  }
}

void Tables::advance(TimeRange now) {
  if (now.earliest < next_start_ && now.latest < next_end()) return;
  for (const auto& shard : shards_) shard->advance(now);
  find_next();
}

void Tables::find_next() {
  Time end = never;
  next_start_ = never;
  for (const auto& shard : shards_) {
    next_start_ = std::min(next_start_, shard->next_start());
    end = std::min(end, shard->next_end());
  }
  next_end_.store(end, std::memory_order_release);
}

Time Tables::next_due() {
  return std::min(next_start_, next_end());
}

void Tables::finish_building() {
  for (const auto& kind : kinds_) kind->keys_.forget_outgrown();
  find_next();
}

std::size_t Tables::bytes() const {
  std::size_t total = sizeof *this;
  for (const auto& kind : kinds_) total += sizeof *kind + kind->keys_.bytes();
  for (const auto& shard : shards_) total += shard->bytes();
  return total;
}

std::size_t Tables::idle_entries() const {
  std::size_t total = 0;
  for (const auto& shard : shards_) total += shard->idle_entries();
  return total;
}

}  // namespace pgconsent::consent
