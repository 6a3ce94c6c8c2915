#include "proxy/enforce/plan_cache.h"

namespace pgconsent::enforce {

namespace {

std::size_t size_of(const Plan& plan) {
  return 1024 + plan.original.size() + plan.sql.size() + plan.statements.size() * sizeof(Statement);
}

}  // namespace

PlanPtr PlanCache::find(std::string_view text, std::uint64_t state) {
  const Key key{text, state};
  if (auto it = young_.find(key); it != young_.end()) {
    ++hits_;
    return it->second;
  }
  auto it = old_.find(key);
  if (it == old_.end()) {
    ++misses_;
    return nullptr;
  }
  ++hits_;
  PlanPtr plan = std::move(it->second);
  old_.erase(it);
  insert({plan->original, state}, plan);
  return plan;
}

void PlanCache::offer(std::uint64_t state, const PlanPtr& plan) {
  const Key key{plan->original, state};
  const std::uint64_t hash = Hash{}(key);
  std::uint64_t& seen = seen_[hash % seen_.size()];
  if (seen == hash) {
    insert(key, plan);
  } else {
    seen = hash;
  }
}

void PlanCache::insert(const Key& key, PlanPtr plan) {
  const std::size_t size = size_of(*plan);
  if (size > half_) return;
  if (young_bytes_ + size > half_) {
    old_ = std::move(young_);
    young_ = {};
    young_bytes_ = 0;
  }
  young_bytes_ += size;
  young_.insert_or_assign(key, std::move(plan));
}

void PlanCache::clear() {
  young_.clear();
  old_.clear();
  young_bytes_ = 0;
}

}  // namespace pgconsent::enforce
