// Plans by text and session state, bounded in bytes. Two halves: what is used moves to the young one, a full young one
// becomes the old one. One worker's own: not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "proxy/enforce/plan.h"

namespace pgconsent::enforce {

class PlanCache {
 public:
  explicit PlanCache(std::size_t limit_bytes) : half_(limit_bytes / 2) {}

  PlanPtr find(std::string_view text, std::uint64_t state);
  void insert(std::uint64_t state, PlanPtr plan);
  void clear();

  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }

 private:
  struct Key {
    std::string_view text;  // of the plan itself, which the map keeps alive
    std::uint64_t state = 0;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const {
      return std::hash<std::string_view>{}(key.text) ^ (key.state * 0x9E3779B97F4A7C15u);
    }
  };
  using Map = std::unordered_map<Key, PlanPtr, Hash>;

  std::size_t half_;
  std::size_t young_bytes_ = 0;
  Map young_, old_;
  std::uint64_t hits_ = 0, misses_ = 0;
};

}  // namespace pgconsent::enforce
