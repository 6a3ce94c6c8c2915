// The index's data: for each kind of subject its keys, for each scope what holds. One writer; lookups by any
// thread, without locks. Lives as long as a reader holds it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "proxy/consent/key_table.h"
#include "proxy/consent/shard.h"

namespace pgconsent::consent {

struct KindSpec {
  KindNumber number = 0;
  KeyType key = KeyType::integer;
};

// Whole numbers are slots themselves where the keys are dense; else all keys go through a table.
enum class Layout : std::uint8_t { direct, hashed };

class Kind {
 public:
  Kind(const KindSpec& spec, Layout layout, const HashSecret& secret)
      : spec(spec),
        keys_(secret),
        direct_(spec.key == KeyType::integer && layout == Layout::direct ? direct_keys : 0) {}

  const KindSpec spec;

  std::optional<std::uint32_t> slot(const SubjectKey& key) const noexcept {
    if (key.low < direct_ && key.high == 0) return static_cast<std::uint32_t>(key.low);
    auto number = keys_.find(key);
    if (number) *number += direct_;
    return number;
  }

 private:
  friend class Tables;
  static constexpr std::uint32_t direct_keys = 0xf0000000;  // the other 268 million slots are for other keys

  KeyTable keys_;
  const std::uint32_t direct_;
};

class Tables {
 public:
  Tables(const std::vector<KindSpec>& kinds, Layout layout, const HashSecret& secret);

  // Any thread. Null: a kind that the index does not hold; a scope without any record so far.
  const Kind* kind(KindNumber number) const noexcept;
  const Shard* shard(KindNumber kind, Scope scope) const noexcept;
  // The next moment at which a consent ends that has not been carried out yet.
  Time next_end() const noexcept { return next_end_.load(std::memory_order_acquire); }

  // The writer's. Records of other kinds are left out. Throws std::bad_alloc, std::length_error (too many
  // scopes or subjects): then the record has to be put again.
  void put(const Record& record, TimeRange now);
  void erase_subject(KindNumber kind, const SubjectKey& key, TimeRange now);
  void advance(TimeRange now);
  Time next_due();  // of starts and ends

  // REQUIRES: no reader has seen this object yet.
  void finish_building();

  std::size_t bytes() const;
  std::size_t records() const { return records_; }  // put, not distinct
  std::size_t idle_entries() const;

 private:
  static constexpr std::size_t places = 4096;
  static constexpr std::size_t most_shards = places / 4 * 3;

  static std::size_t place(KindNumber kind, Scope scope) noexcept {
    std::uint64_t mixed = (std::uint64_t{kind} << 16 | scope) * 0x9e3779b97f4a7c15;
    return mixed >> 52;
  }
  Shard& make_shard(KindNumber kind, Scope scope);
  void find_next();

  std::vector<std::unique_ptr<Kind>> kinds_;  // fixed after construction
  std::array<std::atomic<Shard*>, places> by_scope_{};
  std::vector<std::unique_ptr<Shard>> shards_;  // the writer's list
  std::atomic<Time> next_end_{never};
  Time next_start_ = never;
  std::size_t records_ = 0;
};

}  // namespace pgconsent::consent
