// Plans by text and session state, bounded in bytes. Two halves: what is used moves to the young one, a full
// young one becomes the old one. A text is kept from its second time on: what never comes again would only
// push out what does. One worker's own: not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace pgconsent::enforce {

template <class Value>
class PlanCache {
 public:
  using Pointer = std::shared_ptr<const Value>;

  explicit PlanCache(std::size_t limit_bytes) : half_(limit_bytes / 2) {}

  // Null when there is nothing. The result holds until the next call.
  const Pointer* find(std::string_view text, std::uint64_t state) {
    const Key key{text, state};
    if (auto it = young_.find(key); it != young_.end()) return &it->second.value;
    auto it = old_.find(key);
    if (it == old_.end()) return nullptr;
    Entry entry = std::move(it->second);
    old_.erase(it);
    return insert(state, std::move(entry));
  }

  // Was the text offered before, as far as the short memory for that reaches?
  bool is_second(std::string_view text, std::uint64_t state) {
    const std::uint64_t hash = Hash{}(Key{text, state});
    return std::exchange(seen_[hash % seen_.size()], hash) == hash;
  }

  void keep(std::string_view text, std::uint64_t state, Pointer value, std::size_t bytes) {
    insert(state, Entry{std::make_unique<std::string>(text), std::move(value), bytes + 2 * text.size()});
  }

  void clear() {
    young_.clear();
    old_.clear();
    young_bytes_ = 0;
  }

 private:
  struct Key {
    std::string_view text;  // of the entry itself
    std::uint64_t state = 0;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const {
      return std::hash<std::string_view>{}(key.text) ^ (key.state * 0x9E3779B97F4A7C15u);
    }
  };
  struct Entry {
    std::unique_ptr<std::string> text;
    Pointer value;
    std::size_t bytes = 0;
  };

  const Pointer* insert(std::uint64_t state, Entry entry) {
    if (entry.bytes > half_) return nullptr;
    if (young_bytes_ + entry.bytes > half_) {
      old_ = std::move(young_);
      young_ = Map{};
      young_bytes_ = 0;
    }
    young_bytes_ += entry.bytes;
    const Key key{*entry.text, state};
    young_.erase(key);
    return &young_.emplace(key, std::move(entry)).first->second.value;
  }

  using Map = std::unordered_map<Key, Entry, Hash>;

  std::size_t half_;
  std::size_t young_bytes_ = 0;
  Map young_, old_;
  std::array<std::uint64_t, 4096> seen_{};  // hashes of keys offered once
};

}  // namespace pgconsent::enforce
