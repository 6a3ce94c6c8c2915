// Plans by text and session state, bounded in bytes. Two halves: what is used moves to the young one, a full
// young one becomes the old one. A text is kept from its second time on: statements with their values spelled
// out never come again, and would only push out those that do. One worker's own: not thread-safe.
#pragma once

#include <array>
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
  // Keeps the plan if its text was offered before, as far as the short memory for that reaches.
  void offer(std::uint64_t state, const PlanPtr& plan);
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
  void insert(const Key& key, PlanPtr plan);

  using Map = std::unordered_map<Key, PlanPtr, Hash>;

  std::size_t half_;
  std::size_t young_bytes_ = 0;
  Map young_, old_;
  std::array<std::uint64_t, 4096> seen_{};  // hashes of keys offered once
  std::uint64_t hits_ = 0, misses_ = 0;
};

}  // namespace pgconsent::enforce
